//go:build race

package text

// racing says that pools give back at random, so that memory is not what it is.
const racing = true

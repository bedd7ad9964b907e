//go:build !race

package text

const racing = false

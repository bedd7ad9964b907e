// Package sample makes files of several formats for the tests of the packages beside it.
package sample

package roll

import (
	_ "embed"
	"math/big"
	"strings"
)

//go:embed words.txt
var wordList string

// wordBits is how many bits a word stands for: the list has 2048 words. The list is never changed:
// minutes have words of it.
const (
	wordBits = 11
	inWords  = 6
)

// Words returns the beginning of a hash as six Dutch words, so that people can compare by eye what
// they sign with what is in the minutes: 66 bits.
func Words(hash [32]byte) string {
	list := strings.Fields(wordList)
	n := new(big.Int).SetBytes(hash[:])
	n.Rsh(n, uint(len(hash)*8-wordBits*inWords))
	mask := big.NewInt(1<<wordBits - 1)
	words := make([]string, inWords)
	for i := range words {
		words[inWords-1-i] = list[new(big.Int).And(n, mask).Int64()]
		n.Rsh(n, wordBits)
	}
	return strings.Join(words, " ")
}

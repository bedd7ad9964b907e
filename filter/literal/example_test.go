package literal_test

import (
	"fmt"

	"sluis/filter/literal"
)

// Thousands of phrases are searched for in one pass; those of whole words are not found within others.
func ExampleMatcher_Scan() {
	m, err := literal.Compile([]literal.Pattern{{Text: "wachtwoord"}, {Text: "word", OpenRight: true}})
	if err != nil {
		panic(err)
	}
	text := []byte("het wachtwoord wordt morgen anders")
	m.Scan(text, func(h literal.Hit) bool {
		fmt.Printf("pattern %d: %s\n", h.Pattern, text[h.Start:h.End])
		return true
	})
	// Output:
	// pattern 0: wachtwoord
	// pattern 1: word
}

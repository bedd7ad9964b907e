package disclose_test

import (
	"context"
	"fmt"
	"strings"

	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// A reviewer opens the text of a message that a rule quarantined, and reveals one identifier of it.
func ExampleReader_Read() {
	letter := "Subject: hoi\r\n\r\nHet BSN van Sam is 111222333, bel 06-12345678."
	show := func(revealed func(n int) bool) {
		m := &quarantine.Message{
			Envelope: quarantine.Envelope{To: []quarantine.Recipient{{Path: "vriend@elders.example"}}},
			Reader:   strings.NewReader(letter),
		}
		s, err := disclose.Reader{}.Read(context.Background(), m, disclose.Text, 0, revealed)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, block := range s.Blocks {
			for _, p := range block.Text {
				fmt.Print(p.Text)
			}
		}
		fmt.Println()
	}
	show(func(int) bool { return false })
	show(func(n int) bool { return n == 2 })
	// Output:
	// Het BSN van Sam is •••, bel •••.
	// Het BSN van Sam is •••, bel 06-12345678.
}

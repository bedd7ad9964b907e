package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"sluis/internal/ledger"
)

// A step is in the ledger before it counts; afterwards pages find it, and an auditor verifies
// an export without trust in the machine.
func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	book, err := ledger.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	chair := ledger.Actor{Name: "voorzitter", Role: ledger.Board}
	receipt, err := book.Append(context.Background(), ledger.OrderDecided, ledger.Data{
		Actor: chair,
		Ref:   "5f0c6bd41a1c9a37",
		Step:  "approved",
	})
	fmt.Println(receipt.Is(ledger.OrderDecided), err)

	for e, err := range book.Find(ledger.Query{Ref: "5f0c6bd41a1c9a37", Newest: true, Limit: 50}) {
		fmt.Println(e.Index, e.Kind, e.Data.Step, e.Data.Actor.Role, err)
	}

	var export bytes.Buffer
	if err := book.Export(&export); err != nil {
		fmt.Println(err)
	}
	_, err = ledger.Verify(bytes.NewReader(export.Bytes()), nil)
	fmt.Println(err)
	_, err = ledger.Verify(
		bytes.NewReader(bytes.Replace(export.Bytes(), []byte("approved"), []byte("refused!"), 1)),
		nil,
	)
	fmt.Println(err)
	// Output:
	// true <nil>
	// 0 order-decided approved board <nil>
	// <nil>
	// entry 0 is broken: it is not the one that was signed
	// the entries do not give the root that was signed
}

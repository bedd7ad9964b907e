package notice_test

import (
	"context"
	"fmt"
	"io"
	"net/mail"
	"time"

	"sluis/internal/notice"
)

func Example() {
	s := notice.Sender{
		From: "sluis@school.example",
		Name: "Sluis De Eendracht",
		Deliver: func(_ context.Context, from string, to []string, size int64, content io.Reader) error {
			m, err := mail.ReadMessage(content)
			if err != nil {
				return err
			}
			fmt.Println("from", from, "to", to)
			fmt.Println(m.Header.Get("Subject"))
			_, err = io.Copy(io.Discard, m.Body)
			return err
		},
	}
	digest := notice.Digest("en", notice.Waiting{Messages: 3, OldestDays: 2, Appeals: 1})
	if err := s.Send(context.Background(), []string{"ict@school.example"}, digest, time.Now()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// from sluis@school.example to [ict@school.example]
	// Sluis: what waits for review
}

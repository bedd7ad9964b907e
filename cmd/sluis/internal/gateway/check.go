package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/text"
	"sluis/proxy/content"
	"sluis/proxy/identify"
)

// Check reads everything that a gateway would read of a configuration, and returns the
// generation that it would have. It opens no store and writes nothing.
func Check(cfg *config.Config) (*Generation, error) {
	gen, err := NewGeneration(cfg, text.Limits{})
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	mail, err := gen.mailConfig(mailServices{policy: nowhere{}, quarantine: nowhere{}, journal: nowhere{}, log: log})
	if err != nil {
		return nil, err
	}
	if err := mail.Check(); err != nil {
		return nil, err
	}
	if len(cfg.Web.Listen) == 0 {
		return gen, nil
	}
	web, err := gen.webConfig(webServices{
		grounds: noGrounds{},
		sealer:  noUploads{},
		journal: nowhere{},
		log:     log,
	})
	if err != nil {
		return nil, err
	}
	return gen, web.Check()
}

// noGrounds is for a proxy that takes no requests.
type noGrounds struct{}

// Grounds implements proxy.Grounds.
func (noGrounds) Grounds(filter.ID, time.Time, identify.Identity, bool) (filter.Grounds, error) {
	return filter.Grounds{}, errNowhere
}

// RecordUse implements proxy.Grounds.
func (noGrounds) RecordUse(context.Context, []filter.OrderID, filter.ID) error { return errNowhere }

// noUploads is for a proxy that takes no requests.
type noUploads struct{}

// SealUpload implements content.Sealer.
func (noUploads) SealUpload(context.Context, *content.Exchange, filter.Verdict, *filter.Inspection,
	io.Reader, int64) error {
	return fmt.Errorf("upload: %w", errNowhere)
}

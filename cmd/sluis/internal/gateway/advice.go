package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"sluis/internal/notice"
)

// advice sends notes on large attachments (C2.1a): to who sent one, of a group that asked for it, once a day. It
// delays no message: notes that cannot be sent soon are not sent.
type advice struct {
	mu   sync.Mutex
	day  string
	told map[string]bool // who got a note on this day; a restart forgets it
	wait chan struct{}   // of notes under way
}

// Bounds of advice.
const (
	mostAdvised = 10_000 // people a day
	mostNotes   = 8      // under way at once
	adviceTime  = 2 * time.Minute
)

func newAdvice() *advice {
	return &advice{told: map[string]bool{}, wait: make(chan struct{}, mostNotes)}
}

// first reports whether a person gets a note now, and notes it.
func (a *advice) first(address string, at time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if day := at.Format(time.DateOnly); day != a.day {
		a.day = day
		clear(a.told)
	}
	if a.told[address] || len(a.told) >= mostAdvised {
		return false
	}
	a.told[address] = true
	return true
}

// advise returns what advises senders of a generation; nil if no group asked for it.
func (g *Gateway) advise(gen *Generation) func(sender string, size int64, at time.Time) bool {
	cfg := gen.Config
	o := cfg.Mail.Advice
	if len(o.Groups) == 0 || cfg.Notices.From == "" {
		return nil
	}
	return func(sender string, size int64, at time.Time) bool {
		who := gen.Roster.Subject(sender)
		if size < int64(o.Size) || !who.Identified() || !slices.Contains(o.Groups, who.Group()) {
			return false
		}
		select {
		case g.advice.wait <- struct{}{}:
		default:
			return false
		}
		if !g.advice.first(sender, at) {
			<-g.advice.wait
			return false
		}
		go func() {
			defer func() { <-g.advice.wait }()
			ctx, cancel := context.WithTimeout(context.Background(), adviceTime)
			defer cancel()
			m := notice.ShareByLink(cfg.Notices.Language, cfg.Organisation.Name)
			if err := g.sender().Notices().Send(ctx, []string{sender}, m, at); err != nil {
				g.log.Warn("advice on a large attachment was not sent", "error", err)
			}
		}()
		return true
	}
}

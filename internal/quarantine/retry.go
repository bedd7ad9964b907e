package quarantine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluis/filter"
)

// Retry tries once what is to be released and due. It returns how many messages were
// delivered to all their recipients.
func (s *Store) Retry(ctx context.Context, d Deliverer) (int, error) {
	due, err := s.due(ctx)
	if err != nil {
		return 0, fmt.Errorf("list messages to release: %w", err)
	}
	delivered := 0
	var failed error
	for _, id := range due {
		reply, err := s.retry(ctx, id, d)
		if ctx.Err() != nil {
			return delivered, ctx.Err()
		}
		switch {
		case errors.Is(err, ErrBusy), errors.Is(err, ErrGone): // another process was faster
		case err != nil:
			failed = err // the others are tried all the same
		case reply.OK:
			delivered++
		}
	}
	return delivered, failed
}

func (s *Store) retry(ctx context.Context, id filter.ID, d Deliverer) (reply Reply, err error) {
	c, err := s.claim(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	err = c.keep(ctx, func(ctx context.Context) error {
		if c.state != Releasing {
			return ErrGone // it failed for good meanwhile
		}
		reply, err = s.deliver(ctx, c, d)
		return err
	})
	return reply, errors.Join(err, s.settle(ctx, c, reply))
}

func (s *Store) due(ctx context.Context) ([]filter.ID, error) {
	now := s.now().UnixMilli()
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT id FROM entries WHERE state = ? AND next <= ? AND lease < ? ORDER BY next LIMIT ?",
		Releasing,
		now,
		now,
		batch,
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var due []filter.ID
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		id, err := filter.ParseID(text)
		if err != nil {
			return nil, err
		}
		due = append(due, id)
	}
	return due, rows.Err()
}

// Run retries what is to be released and destroys what is older than keep, until the
// context ends. Its faults go to the log, which never gets content.
func (s *Store) Run(ctx context.Context, d Deliverer, keep time.Duration, log *slog.Logger) error {
	if keep <= 0 {
		return errors.New("run quarantine: no retention")
	}
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	var expired time.Time
	for {
		if s.now().Sub(expired) >= time.Hour {
			expired = s.now()
			if n, err := s.Expire(ctx, expired.Add(-keep)); err != nil && ctx.Err() == nil {
				log.Error("quarantine retention failed", "error", err)
			} else if n > 0 {
				log.Info("quarantine retention", "destroyed", n)
			}
		}
		if n, err := s.Retry(ctx, d); err != nil && ctx.Err() == nil {
			log.Error("release from quarantine failed", "error", err)
		} else if n > 0 {
			log.Info("released from quarantine", "delivered", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

package health

import (
	"context"
	"time"

	"sluis/internal/clamd"
)

// oldSignatures is the age at which the signatures of a scanner need attention: they are made several times a day.
const oldSignatures = 3 * 24 * time.Hour

// Clamd checks whether the virus scanner answers, and how old its signatures are.
func Clamd(d *clamd.Daemon) Check {
	return func(ctx context.Context, now time.Time) Result {
		r := Result{Name: texts.Message("clamd")}
		made, err := d.Signatures(ctx)
		switch age := now.Sub(made); {
		case err != nil:
			r.State = Broken
			r.Found = texts.Message("clamd-silent")
			r.Advice = texts.Message("clamd-start")
		case made.IsZero():
			r.State = Attention
			r.Found = texts.Message("clamd-undated")
			r.Advice = texts.Message("clamd-fetch")
		case age > oldSignatures:
			r.State = Attention
			r.Found = texts.Message("clamd-old", days(age))
			r.Advice = texts.Message("clamd-freshclam")
		default:
			r.State = OK
			r.Found = texts.Message("clamd-answers", days(age))
		}
		return r
	}
}

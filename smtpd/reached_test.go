package smtpd

import (
	"testing"
	"testing/synctest"
	"time"

	"sluis/internal/admit"
)

func TestReachedLimitsAreForgottenAfterTwoHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reached
		stranger, own, carrier := admit.Party{}, admit.Party{Rank: admit.Own}, admit.Party{Rank: admit.Carrier}
		want := func(when string, strangers, known int64) {
			t.Helper()
			if got, want := r.lately(), (Reached{strangers, known}); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		want("at first", 0, 0)
		for _, who := range []admit.Party{stranger, stranger, own, carrier} {
			r.count(who)
		}
		want("now", 2, 2)
		time.Sleep(90 * time.Minute)
		want("an hour and a half later", 2, 2)
		r.count(stranger)
		time.Sleep(time.Hour)
		want("another hour later", 1, 0)
		time.Sleep(3 * time.Hour)
		want("after a quiet time", 0, 0)
	})
}

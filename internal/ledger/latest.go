package ledger

import "time"

// Latest returns the latest time that an entry has since the last of kind ClockAccepted: a clock that
// is before it was ahead once, or is behind now. Zero if there is none.
func (l *Ledger) Latest() (time.Time, error) {
	v, err := l.view()
	if err != nil {
		return time.Time{}, err
	}
	defer v.close()
	accepted, latest := l.seal.of(string(ClockAccepted)), int64(0)
	err = v.choose(Query{Newest: true}, func(_ int64, m mark) (bool, error) {
		latest = max(latest, m.at)
		return m.kind != accepted, nil
	})
	if latest == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(latest).UTC(), err
}

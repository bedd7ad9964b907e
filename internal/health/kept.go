package health

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
)

// How long records may wait for the database.
const (
	behind    = 10 * time.Minute
	farBehind = 24 * time.Hour
)

// Journal looks what waits in the directory of segments for the database.
func Journal(dir string, dropped func() int64) Check {
	return func(_ context.Context, now time.Time) Result {
		r := Result{Name: Text{"Journaal", "Journal"}, State: OK}
		n, oldest, err := waiting(dir)
		age := now.Sub(oldest)
		r.Found = counted(Text{"%d bestanden wachten op de database", "%d files wait for the database"}, n)
		late := Text{"Kijk of de database draait en bereikbaar is. Regels wachten op schijf en gaan niet verloren zolang daar ruimte is.",
			"See whether the database runs and can be reached. Records wait on disk and are not lost as long as there is room."}
		switch {
		case err != nil:
			r.State, r.Found = Broken, Text{"kan niet bekeken worden", "cannot be looked at"}
			r.Advice = Text{"Kijk of de gegevensmap bestaat en van Sluis is.", "See whether the data directory is there and belongs to Sluis."}
		case dropped() > 0:
			r.State, r.Found = Broken, counted(Text{"%d regels gingen verloren", "%d records were lost"}, dropped())
			r.Advice = Text{"De schijf kon het niet bijhouden. Kijk naar vrije ruimte en snelheid.", "The disk could not keep up. Look at its room and speed."}
		case n > 0 && age > farBehind:
			r.State, r.Advice = Broken, late
		case n > 0 && age > behind:
			r.State, r.Advice = Attention, late
		}
		return r
	}
}

// waiting counts the files of a directory, and tells how old the oldest is.
func waiting(dir string) (n int, oldest time.Time, err error) {
	files, err := os.ReadDir(dir)
	if os.IsNotExist(err) { // nothing was ever written
		return 0, time.Time{}, nil
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.IsDir() || info.Size() == 0 { // gone meanwhile
			continue
		}
		if n++; oldest.IsZero() || info.ModTime().Before(oldest) {
			oldest = info.ModTime()
		}
	}
	return n, oldest, err
}

// Spool looks for files that were left by transactions that ended long ago.
func Spool(dir string) Check {
	return func(_ context.Context, now time.Time) Result {
		n, oldest, err := waiting(dir)
		r := Result{Name: Text{"Doorvoer", "Spool"}, State: OK, Found: counted(Text{"%d bestanden onderweg", "%d files under way"}, n)}
		switch {
		case err != nil:
			r.State, r.Found = Broken, Text{"kan niet bekeken worden", "cannot be looked at"}
			r.Advice = Text{"Kijk of de map spool bestaat en van Sluis is.", "See whether the directory spool is there and belongs to Sluis."}
		case n > 0 && now.Sub(oldest) > 24*time.Hour:
			r.State = Attention
			r.Advice = Text{"Er staat iets langer dan een dag in " + filepath.Base(dir) + ". Herstart Sluis: dat ruimt op wat een storing achterliet.",
				"Something is in " + filepath.Base(dir) + " for longer than a day. Restart Sluis: that clears what a failure left."}
		}
		return r
	}
}

// oldWaiting is how long a message may wait for review.
const oldWaiting = 7 * 24 * time.Hour

// Quarantine looks at what waits for review, and at releases that failed.
func Quarantine(counts func(context.Context) (quarantine.Counts, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		r := Result{Name: Text{"Apart gezet", "Set aside"}, State: OK}
		c, err := counts(ctx)
		if err != nil {
			r.State, r.Found = Broken, Text{"kan niet bekeken worden", "cannot be looked at"}
			r.Advice = Text{"Kijk in het log van Sluis. Herstel de map quarantine zo nodig uit een reservekopie.", "Look in the log of Sluis. If need be restore the directory quarantine from a backup."}
			return r
		}
		held, failed := c.Of[quarantine.Held], c.Of[quarantine.Failed]
		old := 0
		if !c.Oldest.IsZero() {
			old = int(now.Sub(c.Oldest) / (24 * time.Hour))
		}
		r.Found = counted(Text{"%d wachten, het oudste %d dagen; %d niet bezorgd", "%d wait, the oldest for %d days; %d not delivered"}, held, old, failed)
		switch {
		case failed > 0:
			r.State = Attention
			r.Advice = Text{"Een vrijgegeven bericht is geweigerd door de volgende mailserver. Open het onder Apart gezet en lees wat die zei.", "A released message was refused by the next mail server. Open it under Set aside and read what that said."}
		case held > 0 && now.Sub(c.Oldest) > oldWaiting:
			r.State = Attention
			r.Advice = Text{"Beoordeel de oudste berichten: na de bewaartermijn worden ze vernietigd.", "Review the oldest messages: after the time of retention they are destroyed."}
		}
		return r
	}
}

// oldList is how long a list may go without being looked at.
const oldList = 8 * 24 * time.Hour

// Lists looks at the lists of sites.
func Lists(states []sitelists.State) []Check {
	var all []Check
	for _, st := range states {
		all = append(all, func(_ context.Context, now time.Time) Result { return list(st, now) })
	}
	return all
}

func list(st sitelists.State, now time.Time) Result {
	r := Result{Name: Text{"Lijst " + st.Name, "List " + st.Name}, State: OK, Found: counted(Text{"%d namen", "%d names"}, st.Names)}
	fetch := Text{"Kijk of het adres van de lijst klopt en of Sluis naar buiten mag. De laatste goede lijst geldt.", "See whether the address of the list is right and Sluis may go out. The last good list holds."}
	switch {
	case st.Sum == "":
		r.State, r.Found = Broken, Text{"is nog nooit opgehaald", "was never fetched"}
		r.Advice = Text{"Kijk of het adres van de lijst klopt en of Sluis naar buiten mag. Zolang geldt de lijst niet.", "See whether the address of the list is right and Sluis may go out. Until then the list does not count."}
	case st.Error != "":
		r.State, r.Advice = Attention, fetch
	case now.Sub(st.Checked) > oldList:
		r.State, r.Advice = Attention, fetch
		r.Found = days(now.Sub(st.Checked), Text{"%d dagen niet nagekeken", "not looked at for %d days"})
	}
	return r
}

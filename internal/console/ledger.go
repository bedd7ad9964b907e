package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// ledgerRoutes let the board and the privacy officer see what people did, and verify it.
var ledgerRoutes = []route{
	{pattern: "GET /ledger", who: witnesses, nav: "nav-ledger", do: (*visit).ledger},
	{pattern: "POST /ledger/verify", who: witnesses, quiet: "it reads, and changes nothing", do: (*visit).verifyLedger},
	{pattern: "POST /ledger/export", who: witnesses, tells: ledger.ExportMade, do: (*visit).exportLedger},
}

var witnesses = only(ledger.Board, ledger.Privacy, ledger.Legal)

// perPage is how many entries are on a page.
const perPage = 50

// ledgerView is what the page shows.
type ledgerView struct {
	Entries     []ledger.Entry // the latest first
	Kinds       []string       // that there are
	Kind        string         // that alone is shown; empty: all
	Total       int
	Newer       string // address of the page before; empty: none
	Older       string
	Checkpoint  string
	Key         string
	Verified    *ledger.Verified
	WithWitness bool
	Broken      string // what is wrong
}

func (v *visit) ledger() error {
	q := v.r.URL.Query()
	from, err := strconv.Atoi(cmpOr(q.Get("from"), "0"))
	if err != nil || from < 0 {
		return errUnclear
	}
	w, err := v.ledgerView(q.Get("kind"), from)
	if err != nil {
		return err
	}
	return v.show("ledger", w)
}

func (v *visit) ledgerView(kind string, from int) (w ledgerView, err error) {
	w.Kind = kind
	kinds := map[string]bool{}
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		kinds[string(e.Kind)] = true
		if kind == "" || string(e.Kind) == kind {
			w.Total++
		}
		return nil
	})
	if err != nil {
		return w, err
	}
	if kind != "" && !kinds[kind] {
		return w, errNoPage
	}
	n, last := 0, w.Total-from // that is shown; the page before ends after it
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		if kind == "" || string(e.Kind) == kind {
			if n++; n > last-perPage && n <= last {
				w.Entries = append(w.Entries, e)
			}
		}
		return nil
	})
	if err != nil {
		return w, err
	}
	slices.Reverse(w.Entries)
	for k := range kinds {
		w.Kinds = append(w.Kinds, k)
	}
	slices.Sort(w.Kinds)
	address := func(from int) string {
		return "/ledger?kind=" + kind + "&from=" + strconv.Itoa(max(from, 0))
	}
	if from > 0 {
		w.Newer = address(from - perPage)
	}
	if w.Total > from+perPage {
		w.Older = address(from + perPage)
	}
	signed, err := v.c.o.Ledger.Checkpoint()
	w.Checkpoint, w.Key = string(signed), v.c.o.Ledger.VerifierKey()
	return w, err
}

// verifyLedger verifies all of the ledger, and that a checkpoint that somebody kept is of its
// beginning.
func (v *visit) verifyLedger() error {
	w, err := v.ledgerView("", 0)
	if err != nil {
		return err
	}
	witness := strings.ReplaceAll(v.r.PostFormValue("checkpoint"), "\r\n", "\n")
	if strings.TrimSpace(witness) == "" {
		witness = ""
	}
	export, err := v.export()
	if err != nil {
		return err
	}
	defer export.Close()
	verified, err := ledger.Verify(export, bytes.TrimLeft([]byte(witness), "\n"))
	if err != nil {
		w.Broken = err.Error()
	} else {
		w.Verified, w.WithWitness = &verified, witness != ""
	}
	return v.show("ledger", w)
}

// export returns the export of the ledger, in a file that has no name.
func (v *visit) export() (*os.File, error) {
	f, err := os.CreateTemp("", "sluis-ledger-") // 0600
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.Remove(f.Name()), v.c.o.Ledger.Export(f))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// exportLedger gives the whole ledger, to verify elsewhere. That it is given stands in it.
func (v *visit) exportLedger() error {
	_, err := v.c.o.Ledger.Append(v.r.Context(), ledger.ExportMade, ledger.Data{Actor: v.by(), Step: "ledger"})
	if err != nil {
		return err
	}
	f, err := v.export()
	if err != nil {
		return err
	}
	defer f.Close()
	v.w.Header().Set("Content-Type", "application/octet-stream")
	v.w.Header().Set("Content-Disposition", `attachment; filename="ledger-`+v.now().UTC().Format(time.DateOnly)+`.txt"`)
	_, err = io.Copy(v.w, f)
	return err
}

package console

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// ledgerPages show and verify the ledger, for those who answer for the controls (C3.3g).
type ledgerPages struct {
	ledger *ledger.Ledger
}

func (p *ledgerPages) routes() []route {
	return []route{
		get("/ledger", readers, p.list).inMenu("nav-ledger"),
		post("/ledger/verify", readers, p.verify).unrecorded("it reads, and changes nothing"),
		post("/ledger/export", accountable, p.export).recorded(ledger.ExportMade),
		post("/ledger/erase", only(ledger.Privacy), p.erase).needing(proof).recorded(ledger.PayloadErased),
	}
}

// perPage is how many entries are on a page.
const perPage = 50

// ledgerView is the page.
type ledgerView struct {
	Entries     []ledger.Entry // the latest first
	Kinds       []ledger.Kind  // that there are
	Kind        string         // that alone is shown; empty: all
	Names       map[ledger.Kind]string
	Total       int
	Newer       string // address of the page before; empty: none
	Older       string
	Checkpoint  string
	Key         string
	Verified    *ledger.Verified
	WithWitness bool
	Broken      string // what is wrong
}

func (p *ledgerPages) list(v *visit) error {
	q := v.r.URL.Query()
	from, err := strconv.Atoi(cmp.Or(q.Get("from"), "0"))
	if err != nil || from < 0 {
		return errUnclear
	}
	w, err := p.view(v, q.Get("kind"), from)
	if err != nil {
		return err
	}
	return v.show("ledger", w)
}

func (p *ledgerPages) view(v *visit, kind string, from int) (w ledgerView, err error) {
	w.Kind = kind
	q := ledger.Query{Newest: true, Skip: from, Limit: perPage}
	if kind != "" {
		q.Kinds = []ledger.Kind{ledger.Kind(kind)}
	}
	if w.Kinds, err = p.ledger.Kinds(); err != nil {
		return w, err
	}
	w.Names = map[ledger.Kind]string{}
	for _, k := range w.Kinds {
		key := "ledger-" + string(k)
		if w.Names[k] = v.T(key); strings.Contains(w.Names[k], key) { // of another version: its word has to do
			w.Names[k] = string(k)
		}
	}
	if kind != "" && !slices.Contains(w.Kinds, ledger.Kind(kind)) {
		return w, errNoPage
	}
	if w.Total, err = p.ledger.Count(ledger.Query{Kinds: q.Kinds}); err != nil {
		return w, err
	}
	if w.Entries, err = acts(p.ledger, q); err != nil {
		return w, err
	}
	if v.Role == ledger.Council { // what people wrote may name somebody
		for i := range w.Entries {
			w.Entries[i].Data.Reason = ""
		}
	}
	address := func(from int) string {
		return "/ledger?kind=" + kind + "&from=" + strconv.Itoa(max(from, 0))
	}
	if from > 0 {
		w.Newer = address(from - perPage)
	}
	if w.Total > from+perPage {
		w.Older = address(from + perPage)
	}
	signed, err := p.ledger.Checkpoint()
	w.Checkpoint, w.Key = string(signed), p.ledger.VerifierKey()
	return w, err
}

// verify verifies the whole ledger, and that a checkpoint that was kept elsewhere is of its
// beginning.
func (p *ledgerPages) verify(v *visit) error {
	w, err := p.view(v, "", 0)
	if err != nil {
		return err
	}
	witness := strings.ReplaceAll(v.r.PostFormValue("checkpoint"), "\r\n", "\n")
	if strings.TrimSpace(witness) == "" {
		witness = ""
	}
	export, err := p.file(v)
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

// erase takes the reason from an entry that has a name in it (GDPR art. 17).
func (p *ledgerPages) erase(v *visit) error {
	w, err := p.view(v, "", 0)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(v.field("entry"), 10, 64)
	if err != nil || n < 0 {
		return v.again("ledger", w, "ledger-erase-which")
	}
	reason := v.reason()
	if reason == "" {
		return v.again("ledger", w, "ledger-erase-why")
	}
	err = p.ledger.Erase(v.r.Context(), n, ledger.Data{Actor: v.actor(), Reason: reason})
	if errors.Is(err, ledger.ErrNotErasable) || errors.Is(err, ledger.ErrNoEntry) {
		return v.again("ledger", w, "ledger-erase-not")
	}
	if err != nil {
		return err
	}
	v.note("ledger-erase-done", n)
	return v.see("/ledger")
}

// file returns the export of the ledger, in a file without a name.
func (p *ledgerPages) file(v *visit) (*os.File, error) {
	f, err := disk.Unnamed("")
	if err != nil {
		return nil, err
	}
	if err = p.ledger.Export(f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// export gives the whole ledger, to verify elsewhere. It has an entry of that itself.
func (p *ledgerPages) export(v *visit) error {
	_, err := p.ledger.Append(v.r.Context(), ledger.ExportMade, ledger.Data{Actor: v.actor(), Step: "ledger"})
	if err != nil {
		return err
	}
	f, err := p.file(v)
	if err != nil {
		return err
	}
	defer f.Close()
	v.download("application/octet-stream", "ledger-"+v.now().UTC().Format(time.DateOnly)+".txt")
	_, err = io.Copy(v.w, f)
	return err
}

// acts returns the entries that a query chooses.
func acts(l ledger.Finder, q ledger.Query) (all []ledger.Entry, err error) {
	for e, err := range l.Find(q) {
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

package console

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sluis/internal/ledger"
	"sluis/internal/testenv"
)

// set puts values into the fields of a form, by their ids.
func (b *browser) set(values ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(values); i += 2 {
		if !of[bool](b, fmt.Sprintf("!!(document.getElementById(%q) && "+
			"((document.getElementById(%q).value=%q)||true))", values[i], values[i], values[i+1])) {
			b.t.Fatalf("there is no field %q on the page", values[i])
		}
	}
}

// words returns the six words that a page shows first.
func (b *browser) words() string {
	b.t.Helper()
	return of[string](b, `document.querySelector("dl.mono strong").textContent`)
}

// TestAnOrderInABrowserIsVerifiedElsewhere: a board's roll and an order from request to outcome in Chromium, with
// passkeys; the exported ledger is verified by another program that has nothing but the export and the hash of the
// minutes, and what is written in the ledger by hand is not in order there (C3.2c, C3.2d).
func TestAnOrderInABrowserIsVerifiedElsewhere(t *testing.T) {
	h := newHouse(t)
	h.traffic("juf@school.example", 3)
	b := h.browse()
	b.device()
	desktop := view{"nl", "light", 1280}
	rollWords := b.makeRoll(desktop)

	ict, legal := h.sworn("ict", ledger.ICT), h.sworn("legal", ledger.Legal)
	board := []*person{h.sworn("board", ledger.Board), h.sworn("board-2", ledger.Board)}
	officer := h.sworn("privacy", ledger.Privacy)
	b.be(officer)
	b.at("/orders", desktop)
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	b.set("subject", "juf@school.example", "reason", "een zwaarwegend vermoeden", "from", day(-1), "until", day(5),
		"look-back", "de melding is van gisteren")
	at := ""
	b.do(chromedp.Click("input[name=investigator][value=ict]"), chromedp.Click("form[action='/orders'] > button"))
	testenv.Eventually(t, "the browser is at the order", func() bool {
		at, _ = chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname"))
		return strings.HasPrefix(at, "/orders/")
	}, b)

	sign := func(p *person, field, value, step string) string {
		t.Helper()
		b.be(p)
		b.at(at, desktop)
		if step == "/advise" {
			b.set("text", "Het mag, voor deze dagen.")
		}
		b.press(fmt.Sprintf("button[name=%s][value=%s]", field, value), at+step)
		words := b.words()
		if !strings.Contains(of[string](b, `document.querySelector("pre").textContent`), `"requester"`) {
			t.Errorf("%s: the page does not show what is hashed", value)
		}
		b.press("button[data-passkey=show]", at)
		return words
	}
	words := sign(legal, "advice", "favourable", "/advise")
	for _, p := range board {
		if w := sign(p, "decision", "approve", "/decide"); w != words {
			t.Errorf("a member saw the words %q, want %q of the adviser", w, words)
		}
	}
	b.at(at+"/minutes", desktop)
	if !b.shows(words) || !b.shows(rollWords) || b.shows("juf@school.example") {
		t.Errorf("the minutes lack the words %q and %q, or name the person", words, rollWords)
	}
	b.be(ict)
	b.at(at, desktop)
	b.press("form[action$='/use'] button", at+"/use")
	if !b.shows("12,3") {
		t.Error("the investigator sees no records, want those of the order")
	}
	ended := sign(board[0], "decision", "withdraw", "/withdraw")
	if ended != words {
		t.Errorf("the withdrawal has the words %q, want %q", ended, words)
	}
	b.be(officer)
	b.at(at, desktop)
	b.set("destroyed", day(0))
	b.press("form[action$='/complete'] button", at)
	if problems := b.takeProblems(); len(problems) > 0 {
		t.Errorf("problems of pages: %q, want none", problems)
	}
	h.verifiedElsewhere(filepath.Base(at), words, rollWords)
}

// makeRoll makes the board's roll, each person by their link, and returns its words.
func (b *browser) makeRoll(w view) (words string) {
	b.t.Helper()
	b.be(b.as(ledger.Admin).proves("admin"))
	b.at("/roll", w)
	for key, values := range rollForm() {
		b.set(key, values[0])
	}
	b.press("form[action='/roll'] button", "/roll")
	b.be(b.stranger())
	for _, link := range b.links {
		at := strings.TrimPrefix(link, b.config.Address)
		b.at(at, w)
		b.press("button[data-passkey=make]", at)
	}
	for _, link := range b.links {
		at := strings.TrimPrefix(link, b.config.Address)
		b.at(at, w)
		if got := b.words(); words != "" && got != words {
			b.t.Errorf("a member saw the words %q, want %q of the others", got, words)
		}
		words = b.words()
		b.press("button[data-passkey=show]", at)
	}
	if now, err := b.rolls.Current(); err != nil || now.Words() != words {
		b.t.Fatalf("after all signed: %v, want a roll with the words %q", err, words)
	}
	return words
}

// verifiedElsewhere checks the exported ledger with the program itself, which knows nothing else.
func (h *house) verifiedElsewhere(id, words, rollWords string) {
	h.t.Helper()
	dir := h.t.TempDir()
	program := filepath.Join(dir, "sluis")
	build := exec.CommandContext(h.t.Context(), "go", "build", "-o", program, "sluis/cmd/sluis")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		h.t.Fatalf("build: %v\n%s", err, out)
	}
	verify := func(hash string) (string, int) {
		h.t.Helper()
		f, err := os.Create(filepath.Join(dir, "export"))
		if err != nil {
			h.t.Fatal(err)
		}
		if err := h.ledger.Export(f); err != nil {
			h.t.Fatal(err)
		}
		f.Close()
		c := exec.CommandContext(h.t.Context(), program, "ledger", "verify", f.Name(), "--roll", hash)
		c.Dir, c.Env = dir, []string{"HOME=" + dir, "PATH="}
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	now, err := h.rolls.Current()
	if err != nil {
		h.t.Fatal(err)
	}
	out, code := verify(now.Hash)
	if code != 0 || !strings.Contains(out, words) || !strings.Contains(out, rollWords) || !strings.Contains(out, id) {
		h.t.Errorf("exit code %d, want 0 with order %s, %q and %q:\n%s", code, id, words, rollWords, out)
	}
	if out, code := verify(strings.Repeat("0", 64)); code != 3 || !strings.Contains(out, "NOT in order") {
		h.t.Errorf("with the hash of another roll: exit code %d, want 3:\n%s", code, out)
	}
	use := ledger.Data{Ref: id, Step: "content"} // after it was withdrawn and completed
	if _, err := h.ledger.Append(h.t.Context(), ledger.OrderUsed, use); err != nil {
		h.t.Fatal(err)
	}
	if out, code := verify(now.Hash); code != 3 || !strings.Contains(out, "order "+id) {
		h.t.Errorf("after a use that no order allows: exit code %d, want 3 and order %s:\n%s", code, id, out)
	}
}

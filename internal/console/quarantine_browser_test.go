package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/testenv"
)

var dutch = view{"nl", "light", 1280}

// leads does something in a page, and waits until another page has been read.
func (b *browser) leads(what string, do chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dataset.old = 1; 0"), do)
	testenv.Eventually(b.t, what+" leads to another page", func() bool {
		fresh, err := chromedp.Run(
			b.ctx,
			chromedp.Evaluate[bool]("document.readyState == 'complete' && !document.documentElement.dataset.old"),
		)
		return err == nil && fresh // between two pages there is nothing to ask
	})
}

// stroke presses a key as a keyboard does: a page that takes it for a command keeps it from
// being written.
func stroke(r rune) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, c *chromedp.Target) error {
		events := kb.Encode(r)
		down, up := events[0], events[len(events)-1]
		if len(events) == 3 {
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		for _, e := range []*input.DispatchKeyEventParams{down, up} {
			if _, err := cdp.Call(ctx, c, input.DispatchKeyEvent, *e); err != nil {
				return err
			}
		}
		return nil
	})
}

// types presses keys, one after another.
func (b *browser) types(keys string) {
	b.t.Helper()
	for _, r := range keys {
		b.do(stroke(r))
	}
}

// TestTheListByKeyboardAlone: a reviewer goes through the list, selects two messages, gives a reason
// and keeps them, then opens another, without the mouse (WCAG 2.1.1).
func TestTheListByKeyboardAlone(t *testing.T) {
	h := newHouse(t)
	var all []quarantine.Entry
	for i := range 4 {
		all = append(all, h.seal(fmt.Sprintf("Subject: %d\r\n\r\nbericht %d", i, i)))
	}
	b := h.browse()
	b.be(h.reviewer("ict"))
	b.at("/quarantine?sort=oldest", dutch)
	b.types("jxjjx")
	if n := of[int](b, "document.querySelectorAll('tbody input:checked').length"); n != 2 {
		t.Fatalf("%d are selected, want 2", n)
	}
	b.types("r")
	if at := of[string](b, "document.activeElement.id"); at != "reason" {
		t.Fatalf("r leads to %q, want the reason", at)
	}
	b.types("jxk")  // letters of a reason, and no commands
	b.types(kb.Tab) // to the first button: let it stand
	if to := of[string](b, "document.activeElement.getAttribute('formaction')"); to != "/quarantine/keep" {
		t.Fatalf("Tab leads to %q, want the button that keeps", to)
	}
	b.leads("Enter on the button", stroke('\r'))
	if kept := h.entries(ledger.QuarantineKept); len(kept) != 2 || kept[0].Data.Reason != "jxk" {
		t.Fatalf("the ledger has %+v, want two messages kept", kept)
	}
	for i, want := range []quarantine.Review{
		quarantine.Kept, quarantine.Unreviewed, quarantine.Kept, quarantine.Unreviewed,
	} {
		if e, err := h.sealed.Get(t.Context(), all[i].ID); err != nil || e.Review != want {
			t.Errorf("message %d: %q, want %q (%v)", i, e.Review, want, err)
		}
	}
	b.at("/quarantine?state=all&sort=oldest", dutch)
	b.types("jjkj")
	b.leads("Enter on a message", stroke('\r'))
	if at := of[string](b, "location.pathname"); at != "/quarantine/"+all[1].ID.String() {
		t.Errorf("Enter opens %s, want that of %s", at, all[1].ID)
	}
	if problems := b.takeProblems(); len(problems) != 0 {
		t.Errorf("the browser has problems %q, want none", problems)
	}
}

// TestEnterInTheReasonDestroysNothing: Enter in a field presses the first button of its form, which
// can be undone.
func TestEnterInTheReasonDestroysNothing(t *testing.T) {
	h := newHouse(t)
	e := h.seal("Subject: a\r\n\r\na")
	b := h.browse()
	b.be(h.reviewer("ict"))
	for i, at := range []string{"/quarantine?state=all", "/quarantine/" + e.ID.String()} {
		b.at(at, dutch)
		if i == 0 {
			b.do(chromedp.Click(chromedp.CSS("tbody input[type=checkbox]")))
		}
		b.fill("reason", "ik denk na")
		b.leads("Enter in the reason", stroke('\r'))
		if got, err := h.sealed.Get(t.Context(), e.ID); err != nil || got.State != quarantine.Quarantined {
			t.Fatalf("after Enter on %.15s the message is %s, %v; want it quarantined", at, got.State, err)
		}
	}
}

// TestASecondPairOfEyesInABrowser: a proposal is shown to the other reviewer, who agrees; the proposer
// has no button for it.
func TestASecondPairOfEyesInABrowser(t *testing.T) {
	h := newHouse(t)
	h.second = true
	e := h.seal("Subject: a\r\n\r\na")
	first, second := h.reviewer("ict"), h.reviewer("ict-2")
	b := h.browse()
	at := "/quarantine/" + e.ID.String()
	b.be(first)
	b.at(at, dutch)
	b.fill("reason", "onschuldig")
	b.fill("note", "Excuses voor het wachten.")
	b.leads("release", chromedp.Click(chromedp.CSS("button[formaction='/quarantine/release']")))
	b.at(at, dutch)
	if of[bool](b, "!!document.querySelector('form[action$=\"/agree\"]')") || len(h.hop.got) != 0 {
		t.Fatal("the proposer can agree, want another reviewer to")
	}
	b.be(second)
	b.at(at, dutch)
	if !b.shows("onschuldig") || !b.shows("Excuses voor het wachten.") {
		t.Error("the second reviewer does not see the proposal with its reason, want both")
	}
	b.leads("agree", chromedp.Click(chromedp.CSS("form[action$='/agree'] button")))
	if len(h.hop.got) != 1 || !slices.Equal(h.hop.notes, []string{"Excuses voor het wachten."}) {
		t.Errorf("%d messages arrived with notes %q, want one with its note", len(h.hop.got), h.hop.notes)
	}
	acts := h.entries(ledger.QuarantineReleased)
	var who []string
	for _, a := range acts {
		who = append(who, a.Data.Actor.Name+" "+a.Data.Step)
	}
	if !slices.Contains(who, "ict proposed") || !strings.HasPrefix(strings.Join(who[len(who)-1:], ""), "ict-2") {
		t.Errorf("the ledger has acts of %q, want a proposal by ict and the last one by ict-2", who)
	}
}

// TestTheNoticeAfterASecondPairOfEyesWasSwitchedOff: the notice of one visit depends on nothing of
// another.
func TestTheNoticeAfterASecondPairOfEyesWasSwitchedOff(t *testing.T) {
	h := newHouse(t)
	p := h.reviewer("ict")
	for _, tc := range []struct {
		second bool
		notice string
	}{{true, "1 voorgesteld"}, {false, "1 vrijgegeven."}} {
		h.second = tc.second
		e := h.seal("Subject: a\r\n\r\na")
		p.post("/quarantine/release", url.Values{"message": {value(e)}, "reason": {"onschuldig"}})
		p.get("/quarantine").check(fmt.Sprintf("second pair of eyes %v", tc.second),
			has(tc.notice))
	}
}

// TestTwoReviewersAtOnce: many decide on the same messages at the same time, each in the version that
// all have seen. One decision counts, and no message arrives twice.
func TestTwoReviewersAtOnce(t *testing.T) {
	h := newHouse(t)
	const messages, tries = 8, 3
	people := []*person{h.reviewer("ict"), h.reviewer("ict-2")}
	form := url.Values{"reason": {"gezien"}}
	var all []quarantine.Entry
	for i := range messages {
		e := h.seal(fmt.Sprintf("Subject: %d\r\n\r\nbericht %d", i, i))
		all = append(all, e)
		form.Add("message", value(e))
	}
	var wg sync.WaitGroup
	for range tries {
		for i, act := range []string{"release", "destroy"} {
			wg.Go(func() {
				r := people[i].request(http.MethodPost, "/quarantine/"+act, form)
				res, err := people[i].http.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				if res.StatusCode != http.StatusSeeOther {
					t.Errorf("%s: status %d, want 303", act, res.StatusCode)
				}
			})
		}
	}
	wg.Wait()
	released, destroyed := 0, 0
	for _, e := range all {
		switch got, err := h.sealed.Get(t.Context(), e.ID); {
		case err != nil:
			t.Error(err)
		case got.State == quarantine.Released:
			released++
		case got.State == quarantine.Destroyed:
			destroyed++
		default:
			t.Errorf("%s is %s, want it released or destroyed", e.ID, got.State)
		}
	}
	if len(h.hop.got) != released || released+destroyed != messages {
		t.Errorf(
			"%d arrived, %d released, %d destroyed of %d; want each once",
			len(h.hop.got),
			released,
			destroyed,
			messages,
		)
	}
	if n := len(h.entries(ledger.QuarantineDeleted)); n != destroyed {
		t.Errorf("the ledger has %d destroyed, want %d", n, destroyed)
	}
}

// TestAReviewerWhoLostTheRoleOpensNothing: the stages that were open are closed as well.
func TestAReviewerWhoLostTheRoleOpensNothing(t *testing.T) {
	h := newHouse(t)
	e := h.seal(hostile)
	p := h.reviewer("ict")
	at := "/quarantine/" + e.ID.String()
	page := p.post(at+"/open", url.Values{"stage": {"html"}, "reason": {"beoordelen"}})
	_, rest, _ := strings.Cut(page.body, `sandbox src="`)
	frame, _, ok := strings.Cut(rest, `"`)
	if a := p.get(frame); !ok || a.status != http.StatusOK {
		t.Fatalf("the frame has status %d, want 200", a.status)
	}
	a, err := h.accounts.Named(t.Context(), "ict")
	if err == nil {
		_, err = h.accounts.Propose(
			t.Context(),
			ledger.CommandLine,
			a.ID,
			accounts.Change{Kind: accounts.SetRoles, Roles: []ledger.Role{ledger.Employee}},
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{frame, at, "/quarantine"} {
		p.get(path).check(fmt.Sprintf("%.20s can still be seen", path), not(http.StatusOK))
	}
	p.post(at+"/open", url.Values{"stage": {"text"}, "reason": {"beoordelen"}}).check("it can still be opened",
		not(http.StatusOK))
}

package accounts

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sluis/internal/ledger"
)

func school(name string) string { return name + "@school.example" }

// TestOneAdministratorCannotTakeARoleForThemselves: links go to the people of the roster alone, and
// all who watch over roles get notice of each role that decides (C3.2c, C3.2d).
func TestOneAdministratorCannotTakeARoleForThemselves(t *testing.T) {
	o := newOffice(t)
	admin := by(o.has("beheer", ledger.Admin))
	o.hires("technicus@school.example;tech@school.example", "jurist@school.example", "eerste@school.example",
		"tweede@school.example", "fg@school.example", "mr@school.example", "toezicht@school.example")
	for name, role := range map[string]ledger.Role{
		"technicus": ledger.ICT, "jurist": ledger.Legal, "eerste": ledger.Board, "tweede": ledger.Board,
		"fg": ledger.Privacy, "mr": ledger.Council, "toezicht": ledger.Supervisor,
	} {
		a, waits, err := o.Make(t.Context(), admin, name, school(name), []ledger.Role{role})
		if err != nil || waits != nil {
			t.Fatalf("make %s: %v, %v; want it made", name, waits, err)
		}
		if o.mail.secret(school(name)) == "" {
			t.Errorf("%s got no link, want one by mail", name)
		}
		told := slices.ContainsFunc(o.mail.letters, func(l letter) bool {
			return l.to == "bestuur@school.example" && l.Account == name && slices.Contains(l.Roles, role)
		})
		if told != role.Decides() {
			t.Errorf("the board got notice of %s as %s: %v, want %v", name, role, told, role.Decides())
		}
		if a.Address != "" || role.Decides() && a.May(role) {
			t.Errorf("%s counts as %s before the link was used: address %q; want neither", name, role, a.Address)
		}
		if a, _, err = o.Redeem(t.Context(), o.mail.secret(school(name)), sentence); err != nil || !a.May(role) ||
			a.Address != school(name) {
			t.Errorf("%s after the link of the mail: %v, %v, address %q; want the role and the address", name,
				a.Roles(), err, a.Address)
		}
	}
	if got := o.mail.secret("beheer@school.example"); got == "" {
		t.Error("the administrator began without a mail, want one")
	}
}

// TestALinkGoesToTheAddressThatTheRosterHasFirst, whichever alias the administrator fills in.
func TestALinkGoesToTheAddressThatTheRosterHasFirst(t *testing.T) {
	o := newOffice(t)
	admin := by(o.has("beheer", ledger.Admin))
	o.hires("juf@school.example;beheer2@school.example")
	_, _, err := o.Make(t.Context(), admin, "juf", "Beheer2@School.example", []ledger.Role{ledger.Board})
	if err != nil {
		t.Fatal(err)
	}
	if o.mail.secret("juf@school.example") == "" || o.mail.secret("beheer2@school.example") != "" {
		t.Errorf("the letters are %+v, want the link at the first address alone", o.mail.letters)
	}
}

// TestWithoutMailThereIsNoAccount: nothing is made, and nothing is in the ledger.
func TestWithoutMailThereIsNoAccount(t *testing.T) {
	o := newOffice(t)
	admin := by(o.has("beheer", ledger.Admin))
	o.hires("eerste@school.example")
	before := len(o.told(ledger.AccountMade))
	for name, c := range map[string]struct {
		set   func()
		by    ledger.Actor
		roles []ledger.Role
		want  error
	}{
		"no next hop":        {func() { o.mail.broken = true }, admin, []ledger.Role{ledger.Board}, ErrNotMailed},
		"no next hop, staff": {func() { o.mail.broken = true }, admin, []ledger.Role{ledger.Employee}, ErrNotMailed},
		"no mail":            {func() { o.post = nil }, admin, []ledger.Role{ledger.Legal}, ErrNoMail},
		"no mail, employee":  {func() { o.post = nil }, admin, []ledger.Role{ledger.Employee}, ErrNoMail},
		"the command line":   {func() { o.post = nil }, ledger.CommandLine, []ledger.Role{ledger.Board}, ErrNoMail},
		"the second administrator": {
			func() { o.mail.broken = true }, ledger.CommandLine, []ledger.Role{ledger.Admin}, ErrNotMailed},
	} {
		o.mail.broken, o.post = false, o.mail
		c.set()
		if _, _, err := o.Make(t.Context(), c.by, "eerste", school("eerste"), c.roles); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if _, err := o.Named(t.Context(), "eerste"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: the account is there, want none", name)
		}
	}
	if after := len(o.told(ledger.AccountMade)); after != before {
		t.Logf("the ledger has %d attempts", after-before)
	}
}

// TestAnAccountIsOfAPersonOnTheRoster: not of a stranger, a list or a pupil.
func TestAnAccountIsOfAPersonOnTheRoster(t *testing.T) {
	o := newOffice(t)
	admin := by(o.has("beheer", ledger.Admin))
	for _, address := range []string{"", "vreemd@school.example", "juf@elders.example"} {
		for _, roles := range [][]ledger.Role{{ledger.Employee}, {ledger.ICT}, {ledger.Board}} {
			_, _, err := o.Make(t.Context(), admin, "gast", address, roles)
			if !errors.Is(err, ErrNotOnRoster) {
				t.Errorf("%q as %v: error %v, want that it is of nobody on the roster", address, roles, err)
			}
		}
	}
	if _, _, err := o.Make(t.Context(), ledger.CommandLine, "chair", "", []ledger.Role{ledger.Board}); !errors.Is(err,
		ErrNotOnRoster) {
		t.Errorf("a member of the board by the command line: %v, want that it is of nobody on the roster", err)
	}
}

// TestAPersonHasOneRoleBesideEmployee, in however many accounts, and by whichever alias.
func TestAPersonHasOneRoleBesideEmployee(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.hires("els@school.example;e.wit@school.example", "jo@school.example")
	beheer := by(o.has("beheer", ledger.Admin))
	o.has("els", ledger.Board)
	for _, r := range []ledger.Role{ledger.Board, ledger.ICT, ledger.Legal, ledger.Privacy, ledger.Supervisor,
		ledger.Council, ledger.Admin} {
		_, _, err := o.Make(ctx, beheer, "wit", "e.wit@school.example", []ledger.Role{r})
		if !errors.Is(err, ErrSamePerson) {
			t.Errorf("another account of a member of the board as %s: %v, want that it is the same person", r, err)
		}
		_, _, err = o.Make(ctx, ledger.CommandLine, "wit", "els@school.example", []ledger.Role{r})
		if !errors.Is(err, ErrSamePerson) {
			t.Errorf("by the command line as %s: %v, want that it is the same person", r, err)
		}
	}
	second, _, err := o.Make(ctx, beheer, "wit", "e.wit@school.example", []ledger.Role{ledger.Employee})
	if err != nil {
		t.Fatal(err)
	}
	roles := Change{Kind: SetRoles, Roles: []ledger.Role{ledger.ICT}}
	if _, err := o.Propose(ctx, ledger.CommandLine, second.ID, roles); !errors.Is(err, ErrSamePerson) {
		t.Errorf("a role later: %v, want that it is the same person", err)
	}
	jo := o.has("jo", ledger.Legal)
	moved := Change{Kind: SetAddress, Address: "e.wit@school.example"}
	if _, err := o.Propose(ctx, ledger.CommandLine, jo.ID, moved); !errors.Is(err, ErrSamePerson) {
		t.Errorf("another address: %v, want that it is the same person", err)
	}
	who := Identity{Issuer: "https://id", Subject: "1", Name: "e", Address: "els@school.example", Verified: true,
		Roles: []ledger.Role{ledger.ICT, ledger.Employee}}
	if a, err := o.Provided(ctx, who); err != nil || a.May(ledger.ICT) || !a.May(ledger.Employee) {
		t.Errorf("by a provider: %v, %v; want employee alone", a.Roles(), err)
	}
}

// TestRolesOfDifferentPeopleAreNeverOnes: neither by administrators nor by a provider, nor by both.
func TestRolesOfDifferentPeopleAreNeverOnes(t *testing.T) {
	o := newOffice(t)
	o.has("beheer", ledger.Admin)
	all := []ledger.Role{ledger.ICT, ledger.Board, ledger.Supervisor, ledger.Legal, ledger.Privacy, ledger.Council}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if _, err := sorted([]ledger.Role{a, b, ledger.Employee}); !errors.Is(err, ErrRolesConflict) {
				t.Errorf("%s with %s: error %v, want a conflict of roles", a, b, err)
			}
			if got := join(together(nil, []ledger.Role{a, b, ledger.Employee})); got != "employee" {
				t.Errorf("a provider gives %s and %s: %q counts, want employee alone", a, b, got)
			}
			got := join(together([]ledger.Role{a}, []ledger.Role{b, ledger.Employee}))
			if got != string(a)+" employee" {
				t.Errorf("given %s, and %s by a provider: %q counts, want what was given", a, b, got)
			}
			if got := join(together([]ledger.Role{a, b}, nil)); got != "" {
				t.Errorf("an older account has %s and %s: %q counts, want none", a, b, got)
			}
		}
	}
}

// TestTheTerminalShowsTheLinkOfTheFirstAdministratorAlone, beside those of accounts that decide nothing.
func TestTheTerminalShowsTheLinkOfTheFirstAdministratorAlone(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.post = nil // as on a first day
	first, _, err := o.Make(ctx, ledger.CommandLine, "beheer", "", []ledger.Role{ledger.Admin})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := o.TerminalLink(ctx, first.ID)
	if err == nil {
		first, _, err = o.Redeem(ctx, secret, sentence)
	}
	if err != nil || !first.May(ledger.Admin) {
		t.Fatalf("the first administrator: %v, %v; want the role", first.Roles(), err)
	}
	o.post = o.mail
	for _, r := range []ledger.Role{ledger.Admin, ledger.Board, ledger.Legal, ledger.Privacy, ledger.Council,
		ledger.Supervisor} {
		name := "p-" + string(r)
		o.hires(school(name))
		a, _, err := o.Make(ctx, ledger.CommandLine, name, school(name), []ledger.Role{r})
		if err != nil || !a.Invited() || o.mail.secret(school(name)) == "" {
			t.Errorf("%s by the command line: %v, mailed %v; want the link mailed", r, err, a.Invited())
		}
		if s, err := o.TerminalLink(ctx, a.ID); !errors.Is(err, ErrMailedOnly) || s != "" {
			t.Errorf("a link of %s on the terminal: %v, want none", r, err)
		}
	}
	ict, _, err := o.Make(ctx, ledger.CommandLine, "technicus", "", []ledger.Role{ledger.ICT})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.TerminalLink(ctx, ict.ID); err != nil {
		t.Errorf("the ICT service on the terminal: %v, want a link", err)
	}
}

// TestWhatTwoAgreeToIsAboutOnePerson: another address ends what waits for another administrator.
func TestWhatTwoAgreeToIsAboutOnePerson(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	one, two := by(o.has("beheer", ledger.Admin)), by(o.has("beheer-2", ledger.Admin))
	o.hires("voorzitter@school.example", "vriend@school.example")
	a, waits, err := o.Make(ctx, one, "voorzitter", school("voorzitter"), []ledger.Role{ledger.Board})
	if err != nil || waits == nil {
		t.Fatalf("made: %v, %v; want it to wait", waits, err)
	}
	moved := Change{Kind: SetAddress, Address: school("vriend")}
	if _, err := o.Propose(ctx, one, a.ID, moved); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Agree(ctx, two, waits.ID); !errors.Is(err, ErrNotFound) || o.get(a).May(ledger.Board) {
		t.Errorf("agreed for another person: %v, want that nothing waits", err)
	}
	if _, _, err := o.Redeem(ctx, o.mail.secret(school("voorzitter")), sentence); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("the link of the person of before: %v, want it to be no good", err)
	}
}

// TestABorrowedAddressIsNobodys: an account that was made with a colleague's address does not have it
// until the colleague confirms it.
func TestABorrowedAddressIsNobodys(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.hires("juf@school.example;groep5@school.example")
	a, _, err := o.Make(ctx, ledger.CommandLine, "gast", "groep5@school.example", []ledger.Role{ledger.Employee})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := o.TerminalLink(ctx, a.ID)
	if err == nil {
		a, _, err = o.Redeem(ctx, secret, sentence)
	}
	if err != nil || a.Address != "" || a.Current {
		t.Fatalf("address %q, %v; want none before it is confirmed", a.Address, err)
	}
	if err := o.SendCode(ctx, desk, a.ID); err != nil {
		t.Fatal(err)
	}
	if o.mail.secret("juf@school.example") == "" || len(o.mail.letters) != 1 {
		t.Errorf("the letters are %+v, want one to the first address of the person", o.mail.letters)
	}
	for _, code := range []string{"", "aaaaaaaaaa", o.mail.secret("juf@school.example") + "a"} {
		if err := o.Confirm(ctx, desk, a.ID, code); !errors.Is(err, ErrWrongCredentials) {
			t.Errorf("code %q: error %v, want wrong credentials", code, err)
		}
	}
	o.at = o.at.Add(codeTime + time.Second)
	if err := o.Confirm(ctx, desk, a.ID, o.mail.secret("juf@school.example")); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("an old code: error %v, want wrong credentials", err)
	}
	o.at = o.at.Add(-2 * time.Second)
	if err := o.Confirm(ctx, desk, a.ID, o.mail.secret("juf@school.example")); err != nil {
		t.Fatal(err)
	}
	if a = o.get(a); a.Address != "groep5@school.example" || !a.Current {
		t.Errorf("address %q, current %v after the code; want it to count", a.Address, a.Current)
	}
	if err := o.Confirm(ctx, desk, a.ID, o.mail.secret("juf@school.example")); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("a code for the second time: error %v, want wrong credentials", err)
	}
}

// TestCodesAreNotGuessed: a few guesses, and then even the right code waits.
func TestCodesAreNotGuessed(t *testing.T) {
	o := newOffice(t)
	a := o.has("els", ledger.Employee)
	if err := o.SendCode(t.Context(), desk, a.ID); err != nil {
		t.Fatal(err)
	}
	held := false
	for range 20 {
		held = held || errors.Is(o.Confirm(t.Context(), desk, a.ID, "aaaaaaaaaa"), ErrThrottled)
	}
	if err := o.Confirm(t.Context(), desk, a.ID, o.mail.secret(school("els"))); !held || !errors.Is(err, ErrThrottled) {
		t.Errorf("held off: %v, then %v; want the guesses held off", held, err)
	}
	for range 20 {
		held = errors.Is(o.SendCode(t.Context(), desk, a.ID), ErrThrottled)
	}
	if !held {
		t.Error("codes are mailed without end, want them held off")
	}
}

// TestAnAddressThatIsAnotherPersonsNowCountsNoMore: whatever way the roster gave it away.
func TestAnAddressThatIsAnotherPersonsNowCountsNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		after  []string
		kept   bool   // the person is the same
		letter string // where the code goes now
	}{
		"an alias of a colleague":       {[]string{"juf@school.example;ictman@school.example"}, false, "juf@school.example"},
		"swapped with a colleague":      {[]string{"juf@school.example;ictman@school.example", "x@school.example"}, false, "juf@school.example"},
		"off the roster":                {[]string{"juf@school.example"}, false, "ictman@school.example"},
		"the colleague is its alias":    {[]string{"ictman@school.example;juf@school.example"}, true, "ictman@school.example"},
		"another address of the person": {[]string{"ictman@school.example;im@school.example", "juf@school.example"}, true, "ictman@school.example"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.hires("juf@school.example")
			a := o.get(o.has("ictman", ledger.ICT))
			if !a.Current || a.Address == "" {
				t.Fatalf("address %q before, want it confirmed", a.Address)
			}
			o.staff = nil
			o.hires(c.after...)
			if a = o.get(a); a.Current || (a.Address != "") != c.kept {
				t.Errorf("address %q, current %v; want it kept: %v, and confirmed anew", a.Address, a.Current, c.kept)
			}
			o.mail.letters = nil
			if err := o.SendCode(t.Context(), desk, a.ID); err != nil {
				t.Fatal(err)
			}
			if o.mail.secret(c.letter) == "" || len(o.mail.letters) != 1 {
				t.Errorf("the letters are %+v, want one to %s", o.mail.letters, c.letter)
			}
		})
	}
}

// TestARoleOfAnOlderAccountWaitsForItsOwner: an account of before addresses were confirmed.
func TestARoleOfAnOlderAccountWaitsForItsOwner(t *testing.T) {
	o := newOffice(t)
	a := o.has("els", ledger.Board)
	if _, err := o.db.Exec("DELETE FROM confirmed"); err != nil {
		t.Fatal(err)
	}
	if a = o.get(a); a.May(ledger.Board) || join(a.Waiting()) != "board" || join(a.Roles()) != "employee" {
		t.Errorf("roles %v, waiting %v; want an employee, and board waiting", a.Roles(), a.Waiting())
	}
	if err := o.SendCode(t.Context(), desk, a.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.Confirm(t.Context(), desk, a.ID, o.mail.secret(school("els"))); err != nil {
		t.Fatal(err)
	}
	if a = o.get(a); !a.May(ledger.Board) || len(a.Waiting()) != 0 {
		t.Errorf("roles %v after the code, want board", a.Roles())
	}
}

// TestAllWhoWatchGetNotice of every change of a role that decides, also where it is taken away; what
// takes away happens all the same where nobody is reached.
func TestAllWhoWatchGetNotice(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.has("fg", ledger.Privacy)
	o.has("mr", ledger.Council)
	o.has("eerste", ledger.Board)
	els := o.has("els", ledger.Legal)
	for _, c := range []Change{{Kind: Disable}, {Kind: Enable}, {Kind: Recover},
		{Kind: SetRoles, Roles: []ledger.Role{ledger.Employee}}} {
		o.mail.letters = nil
		if _, err := o.Propose(ctx, ledger.CommandLine, els.ID, c); err != nil {
			t.Fatal(err)
		}
		got := o.mail.notified(string(c.Kind))
		for _, want := range []string{"bestuur", "fg", "mr", "eerste", "els"} {
			if !slices.Contains(got, school(want)) {
				t.Errorf("%s: notice to %v, want %s among them", c.Kind, got, want)
			}
		}
	}
	o.mail.broken = true
	board := Change{Kind: SetRoles, Roles: []ledger.Role{ledger.Board}}
	if _, err := o.Propose(ctx, ledger.CommandLine, els.ID, board); !errors.Is(err, ErrNotMailed) ||
		o.get(els).May(ledger.Board) {
		t.Errorf("a role of which nobody hears: %v, want it refused", err)
	}
	eerste, err := o.Named(ctx, "eerste")
	if err == nil {
		_, err = o.Propose(ctx, ledger.CommandLine, eerste.ID, Change{Kind: Disable})
	}
	if err != nil || !o.get(eerste).Disabled {
		t.Errorf("closing an account where no mail goes: %v, want it closed", err)
	}
}

// TestOfTwoAdministratorsNeitherTakesTheLink: what both agreed to goes to the person.
func TestOfTwoAdministratorsNeitherTakesTheLink(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	one, two := by(o.has("beheer", ledger.Admin)), by(o.has("beheer-2", ledger.Admin))
	o.hires("voorzitter@school.example")
	a, waits, err := o.Make(ctx, one, "voorzitter", school("voorzitter"), []ledger.Role{ledger.Board})
	if err != nil || waits == nil {
		t.Fatalf("made: %v, %v; want it to wait", waits, err)
	}
	if _, err := o.Agree(ctx, two, waits.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.Invite(ctx, one, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, l := range o.mail.letters {
		if l.secret != "" && l.to != school("voorzitter") && l.to != school("beheer") && l.to != school("beheer-2") {
			t.Errorf("a secret went to %s, want it with its owner alone", l.to)
		}
	}
	if b, _, err := o.Redeem(ctx, o.mail.secret(school("voorzitter")), sentence); err != nil || !b.May(ledger.Board) {
		t.Errorf("the chair by the mail: %v, %v; want the role", b.Roles(), err)
	}
}

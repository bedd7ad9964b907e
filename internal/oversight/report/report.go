// Package report makes the account that an organisation gives of its controls (K1, K2): what
// is controlled, on which clause, on what share of the traffic, how often something was
// opened and by which role, and what has changed. It is made from the running
// configuration, the rules, the roster's counts and the ledger, for people who did not
// write any of these: the board, the participation council, whoever asks.
//
// It promises that no name, address or reason is in it, and that a page needs nothing from
// elsewhere and prints well.
package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

// Facts are what a report is made from.
type Facts struct {
	Organisation string
	CodeURL      string
	Lang         string // nl or en
	Since, Until time.Time
	Made         time.Time
	Rules        []rules.Rule
	Fingerprints [2]string // of rules and roster, now
	Rate         float64   // of the sample
	People       int
	Confidential int
	Groups       int
	Retention    [2]int // days: metadata, messages set aside
	WebControl   bool   // there is a web proxy
	Inspected    bool   // and it looks into TLS of some groups
	Period       *totals.Period
	Ledger       ledger.Finder
	Checkpoint   []byte
}

// Report is what is written, in whichever form.
type Report struct {
	Lang     string
	Title    string
	Subtitle string
	Sections []Section
}

// Section is a part of a report.
type Section struct {
	Title string
	Text  []string
	Head  []string // of a table; none: there is none
	Rows  [][]string
	Code  string // to be printed as it is
}

// acts are what the ledger has of a period.
type acts struct {
	byRole  map[string]map[ledger.Kind]int
	changes []ledger.Entry
	first   map[string]string // rules and roster when the period began
}

// New makes a report.
func New(f Facts) (Report, error) {
	a, err := f.acts()
	if err != nil {
		return Report{}, fmt.Errorf("make report: %w", err)
	}
	w := words{f.Lang}
	r := Report{Lang: f.Lang, Title: w.t("Verantwoording van de controle op mail en internet", "Account of the control of mail and web traffic"),
		Subtitle: fmt.Sprintf("%s · %s – %s · %s %s", f.Organisation, w.day(f.Since), w.day(f.Until.Add(-time.Second)), w.t("gemaakt op", "made on"), w.day(f.Made))}
	r.Sections = []Section{f.promises(w), f.controls(w), f.share(w), f.acted(w, a), f.changed(w, a), f.kept(w)}
	if f.Period != nil {
		r.Sections = append(r.Sections, f.figures(w)...)
	}
	r.Sections = append(r.Sections, f.verify(w))
	return r, nil
}

// counted are the acts that are told by role.
var counted = []ledger.Kind{
	ledger.QuarantineOpened, ledger.QuarantineRevealed, ledger.QuarantineReleased, ledger.QuarantineConfirmed, ledger.QuarantineWrong, ledger.QuarantineDeleted,
	ledger.OrderRequested, ledger.OrderAdvised, ledger.OrderDecided, ledger.OrderUsed, ledger.OrderWithdrawn, ledger.OrderCompleted,
	ledger.AccessGiven, ledger.BreachOpened, ledger.BreachClosed, ledger.PayloadErased, ledger.ExportMade,
}

// changing are the acts that are told one by one.
var changing = []ledger.Kind{ledger.SamplingRate, ledger.SamplingSeed, ledger.RetentionChanged, ledger.ExceptionChanged, ledger.PeopleImported, ledger.PeopleRemoved}

func (f Facts) acts() (acts, error) {
	a := acts{byRole: map[string]map[ledger.Kind]int{}, first: map[string]string{}}
	if err := f.begin(a.first); err != nil {
		return a, err
	}
	kinds := slices.Concat(counted, changing)
	for e, err := range f.Ledger.Find(ledger.Query{Kinds: kinds, Since: f.Since, Until: f.Until}) {
		if err != nil {
			return a, err
		}
		if slices.Contains(counted, e.Kind) {
			role := cmp.Or(string(e.Data.Actor.Role), e.Data.Actor.Name, "-")
			if a.byRole[role] == nil {
				a.byRole[role] = map[ledger.Kind]int{}
			}
			a.byRole[role][e.Kind]++
		}
		if slices.Contains(changing, e.Kind) && len(a.changes) < 200 {
			a.changes = append(a.changes, e)
		}
	}
	return a, nil
}

// begin sets the fingerprints with which the period began: those of the last start or
// configuration before it, or the first in it.
func (f Facts) begin(first map[string]string) error {
	loaded := []ledger.Kind{ledger.GatewayStarted, ledger.ConfigLoaded}
	for _, q := range []ledger.Query{{Kinds: loaded, Until: f.Since, Newest: true, Limit: 1}, {Kinds: loaded, Since: f.Since}} {
		for e, err := range f.Ledger.Find(q) {
			if err != nil {
				return err
			}
			if first["rules"], first["roster"] = e.Data.Rules, e.Data.Roster; e.Data.Rules != "" {
				return nil
			}
		}
	}
	return nil
}

func (f Facts) promises(w words) Section {
	return Section{Title: w.t("Wat wij beloven", "What we promise"), Text: []string{
		w.t("Sluis is de poort waar mail en internetverkeer van de organisatie doorheen gaan. Zij voert de gedragscode uit en houdt zichzelf daaraan.",
			"Sluis is the gate that the organisation's mail and web traffic goes through. It carries out the code of conduct, and keeps to it itself."),
		w.t("Naar lekken wordt alleen in een steekproef gezocht, die vooraf is vastgelegd en door iedereen na te rekenen is. Van mensen met een vertrouwelijke functie wordt alleen de technische veiligheid van berichten bekeken. Van leerlingen is alleen de groep bekend.",
			"Leaks are looked for in a random sample only, which is fixed beforehand and which anybody can check. Of people with a confidential role only the technical safety of messages is looked at. Of pupils only the group is known."),
		w.t("Vastgelegd wordt alleen verkeer, nooit inhoud. Het bestuur ziet totalen die naar niemand wijzen. Naar één persoon wordt alleen gekeken in opdracht van het bestuur: schriftelijk, met reden, na juridisch advies en voor een vaste korte tijd.",
			"Only traffic is recorded, never content. The board sees totals that point at nobody. One person is looked at only by order of the board: in writing, with a reason, after legal advice and for a fixed short time."),
		w.t("De gedragscode staat op ", "The code of conduct is at ") + cmp.Or(f.CodeURL, w.t("(niet ingevuld)", "(not filled in)")) + ".",
	}}
}

func (f Facts) controls(w words) Section {
	type line struct {
		purpose  rules.Purpose
		clause   string
		category string
	}
	n := map[line]int{}
	for _, r := range f.Rules {
		n[line{r.Purpose, r.Clause.String(), r.Category.String()}]++
	}
	s := Section{Title: w.t("Wat wordt bekeken, en op welk artikel", "What is looked at, and on which clause"),
		Head: []string{w.t("Doel", "Purpose"), w.t("Artikel", "Clause"), w.t("Onderwerp", "Subject"), w.t("Regels", "Rules")}}
	for _, l := range slices.SortedFunc(maps.Keys(n), func(a, b line) int {
		return cmp.Or(cmp.Compare(a.purpose, b.purpose), cmp.Compare(a.clause, b.clause), cmp.Compare(a.category, b.category))
	}) {
		s.Rows = append(s.Rows, []string{w.purpose(l.purpose), l.clause, w.category(l.category), fmt.Sprint(n[l])})
	}
	return s
}

func (f Facts) share(w words) Section {
	web := w.t("Er gaat geen internetverkeer door Sluis.", "No web traffic goes through Sluis.")
	if f.WebControl {
		web = w.t("Internetverkeer wordt op naam van de site beoordeeld. In beveiligde verbindingen wordt niet gekeken.", "Web traffic is judged by the name of the site. Secured connections are not looked into.")
		if f.Inspected {
			web = w.t("Internetverkeer wordt op naam van de site beoordeeld. In beveiligde verbindingen wordt alleen gekeken voor de groepen en sites die de configuratie noemt; nooit bij banken, zorg en overheid.",
				"Web traffic is judged by the name of the site. Secured connections are looked into only for the groups and sites that the configuration names; never for banks, care and government.")
		}
	}
	return Section{Title: w.t("Welk deel van het verkeer", "What share of the traffic"),
		Head: []string{w.t("Doel", "Purpose"), w.t("Deel", "Share"), w.t("Van wie niet", "Not of")},
		Rows: [][]string{
			{w.purpose(rules.Security), "100%", "-"},
			{w.purpose(rules.Conduct), "100%", w.t("vertrouwelijke functies", "confidential roles")},
			{w.purpose(rules.Leak), w.number(100*f.Rate) + "% " + w.t("van uitgaande mail, door loting", "of outgoing mail, by draw"), w.t("vertrouwelijke functies", "confidential roles")},
		},
		Text: []string{web, fmt.Sprintf(w.t("Op de lijst staan %d mensen in %d groepen, van wie %d met een vertrouwelijke functie.", "The roster has %d people in %d groups, of whom %d with a confidential role."), f.People, f.Groups, f.Confidential)}}
}

func (f Facts) acted(w words, a acts) Section {
	s := Section{Title: w.t("Hoe vaak is iets geopend of gedaan, en door welke functie", "How often something was opened or done, and by which role"),
		Head: []string{w.t("Functie", "Role"), w.t("Handeling", "Act"), w.t("Keer", "Times")}}
	for _, role := range slices.Sorted(maps.Keys(a.byRole)) {
		for _, k := range counted {
			if n := a.byRole[role][k]; n > 0 {
				s.Rows = append(s.Rows, []string{w.role(role), w.act(k), fmt.Sprint(n)})
			}
		}
	}
	if len(s.Rows) == 0 {
		s.Text = []string{w.t("In deze periode is niets geopend, vrijgegeven of vernietigd, en waren er geen opdrachten.", "In this period nothing was opened, released or destroyed, and there were no orders.")}
	}
	return s
}

func (f Facts) changed(w words, a acts) Section {
	s := Section{Title: w.t("Wat er is veranderd", "What has changed"), Head: []string{w.t("Dag", "Day"), w.t("Verandering", "Change")}}
	for _, c := range []struct{ what, was, is string }{{w.t("de regels", "the rules"), a.first["rules"], f.Fingerprints[0]}, {w.t("de lijst van mensen en groepen", "the roster of people and groups"), a.first["roster"], f.Fingerprints[1]}} {
		if c.was != "" && c.was != c.is {
			s.Rows = append(s.Rows, []string{"-", fmt.Sprintf(w.t("%s: van versie %.8s naar %.8s", "%s: from version %.8s to %.8s"), c.what, c.was, c.is)})
		}
	}
	for _, e := range a.changes {
		what := w.act(e.Kind)
		switch e.Kind {
		case ledger.SamplingRate:
			what += ": " + w.number(100*e.Data.Rate) + "%"
		case ledger.RetentionChanged:
			what += fmt.Sprintf(": %s, %d %s", e.Data.Step, e.Data.Count, w.t("dagen", "days"))
		}
		s.Rows = append(s.Rows, []string{w.day(e.Time), what})
	}
	if len(s.Rows) == 0 {
		s.Text = []string{w.t("Niets.", "Nothing.")}
	}
	return s
}

func (f Facts) kept(w words) Section {
	return Section{Title: w.t("Hoe lang iets wordt bewaard", "How long something is kept"), Head: []string{w.t("Wat", "What"), w.t("Dagen", "Days")}, Rows: [][]string{
		{w.t("gegevens over verkeer", "data about traffic"), fmt.Sprint(f.Retention[0])}, {w.t("berichten die apart zijn gezet", "messages that were set aside"), fmt.Sprint(f.Retention[1])},
	}}
}

// figures are the tables of the frozen reports.
func (f Facts) figures(w words) []Section {
	var out []Section
	for _, t := range f.Period.Tables {
		s := Section{Title: w.table(t.Name), Head: []string{""}}
		var measures []string
		for _, r := range t.Rows {
			for m := range r.Figures {
				if !slices.Contains(measures, m) {
					measures = append(measures, m)
				}
			}
		}
		slices.Sort(measures)
		for _, m := range measures {
			s.Head = append(s.Head, w.measure(m))
		}
		for _, r := range t.Rows {
			row := []string{w.row(r.Name)}
			for _, m := range measures {
				fig, ok := r.Figures[m]
				row = append(row, w.figure(fig, ok, m))
			}
			s.Rows = append(s.Rows, row)
		}
		if len(s.Rows) == 0 {
			s.Head, s.Text = nil, []string{w.t("Geen.", "None.")}
		}
		out = append(out, s)
	}
	return out
}

func (f Facts) verify(w words) Section {
	return Section{Title: w.t("Zelf controleren", "Check for yourself"), Code: string(f.Checkpoint), Text: []string{
		w.t("Hieronder staat de ondertekende stand van het logboek. Wie dit verslag bewaart, is getuige: wie later iets uit het logboek haalt of verandert, valt door de mand. De opdracht is: sluis ledger verify EXPORT --checkpoint BESTAND.",
			"Below is the signed state of the ledger. Whoever keeps this report is a witness: who later takes something out of the ledger, or changes it, is found out. The command is: sluis ledger verify EXPORT --checkpoint FILE."),
	}}
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"sluis/filter"
	"sluis/rules"
)

// tally counts judgements of one family of rules.
type tally struct{ hit, missed, wrong, right int }

func (t *tally) count(is, found bool) {
	switch {
	case is && found:
		t.hit++
	case is:
		t.missed++
	case found:
		t.wrong++
	default:
		t.right++
	}
}

// report adds precision, recall and F1, and the share of other texts that were hit.
func (t *tally) report(res *Result, family string) {
	share := func(n, of int) float64 { return float64(n) / float64(max(1, of)) }
	if t.hit+t.missed > 0 {
		p, r := share(t.hit, t.hit+t.wrong), share(t.hit, t.hit+t.missed)
		res.add(family, "recall", r, "")
		res.add(family, "precision", p, "")
		if p+r > 0 {
			res.add(family, "F1", 2*p*r/(p+r), "")
		}
	}
	res.add(family, "others hit", share(t.wrong, t.wrong+t.right), "")
	res.add(family, "cases", float64(t.hit+t.missed+t.wrong+t.right), "")
}

// benchQuality measures how well the built-in rules judge: identifiers in made-up letters
// with near misses, harmless school mail, and labelled data where there is some.
func benchQuality(ctx context.Context, o options, res *Result) error {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		return err
	}
	e, err := filter.Compile(set, filter.Options{OwnDomains: []string{"school.example"}})
	if err != nil {
		return err
	}
	judge := func(text string) (map[string]bool, error) { return judged(ctx, e, text) }
	if err := identifierQuality(judge, res); err != nil {
		return err
	}
	if err := harmlessQuality(judge, res); err != nil {
		return err
	}
	data := o.data
	if data == "" {
		data = filepath.Join("..", "shared", "data")
	}
	err = labelledQuality(judge, filepath.Join(data, "hatecheck-nl-dev.csv"), res)
	if errors.Is(err, fs.ErrNotExist) {
		res.Missing = append(res.Missing, "labelled data: name its directory with --data")
		return nil
	}
	return err
}

// judged returns the rules and purposes that act on an outgoing text that was drawn.
func judged(ctx context.Context, e *filter.Engine, text string) (map[string]bool, error) {
	item := filter.Item{
		Kind:       filter.Document,
		Directions: rules.DirectionsOf(rules.Out),
		Content:    bytes.NewReader([]byte(text)),
		Size:       int64(len(text)),
	}
	x, err := e.Inspect(ctx, item, rules.SetOf(rules.Security, rules.Conduct, rules.Leak))
	if err != nil {
		return nil, err
	}
	by := map[string]bool{}
	for _, f := range x.Findings {
		if x.Decisive(f, rules.Out) {
			by[f.Rule.String()], by[f.Purpose.String()] = true, true
		}
	}
	return by, nil
}

// identifier is a kind of number: one that is right, and one with a wrong check digit.
type identifier struct {
	rule, label string
	make        func(r *rand.Rand, right bool) string
}

func identifierQuality(judge func(string) (map[string]bool, error), res *Result) error {
	r := rand.New(rand.NewPCG(21, 22))
	for _, id := range []identifier{
		{"leak.identity.bsn", "BSN", func(r *rand.Rand,
			right bool) string {
			return elevenNumber(r, 100_000_000, 0, right)
		}},
		{"leak.identity.onderwijsnummer", "onderwijsnummer",
			func(r *rand.Rand, right bool) string { return elevenNumber(r, 10_0000000, 5, right) }},
		{"leak.financial.iban-list", "IBAN", ibanNumbers},
		{"leak.financial.card", "creditcard", cardNumber},
	} {
		var t tally
		for i := range 1000 {
			right := i%2 == 0
			letter := fmt.Sprintf(
				"Beste collega,\n\n%s\nHet %s van de leerling, geboren op %d-%d-2016, is %s. Wilt u dit "+
					"verwerken?\n\nGroet",
				sentences[r.IntN(len(sentences))],
				id.label,
				1+r.IntN(28),
				1+r.IntN(12),
				id.make(r, right),
			)
			by, err := judge(letter)
			if err != nil {
				return err
			}
			t.count(right, by[id.rule])
		}
		for range 500 { // numbers of other kinds
			other := fmt.Sprintf(
				"Ordernummer %d, ISBN 978%d, telefoon 0%d, factuur %d.",
				r.IntN(1e9),
				r.IntN(1e10),
				100_000_000+r.IntN(800_000_000),
				r.IntN(1e9),
			)
			by, err := judge(other)
			if err != nil {
				return err
			}
			t.count(false, by[id.rule])
		}
		t.report(res, id.rule)
	}
	return nil
}

// elevenNumber makes nine digits from a number on that leave a remainder in the 11-test, or
// with right false another.
func elevenNumber(r *rand.Rand, from, remainder int, right bool) string {
	for {
		n := from + r.IntN(from/10)
		sum := -(n % 10)
		for rest, weight := n/10, 2; rest > 0; rest, weight = rest/10, weight+1 {
			sum += rest % 10 * weight
		}
		if ((sum%11+11)%11 == remainder) == right {
			return fmt.Sprint(n)
		}
	}
}

// ibanNumbers makes a list of three, which is what the rule is about.
func ibanNumbers(r *rand.Rand, right bool) string {
	return ibanNumber(r, right) + ", " + ibanNumber(r, right) + " en " + ibanNumber(r, right)
}

func ibanNumber(r *rand.Rand, right bool) string {
	account := fmt.Sprintf("%010d", r.IntN(1e10))
	rest := 0
	for _, c := range "10112310" + account + "232100" { // ABNA, NL, 00 as numbers
		rest = (rest*10 + int(c-'0')) % 97
	}
	check := 98 - rest
	if !right {
		check = 2 + (check+r.IntN(90))%96
		if check == 98-rest {
			check++
		}
	}
	return fmt.Sprintf("NL%02d ABNA %s %s %s", check, account[:4], account[4:8], account[8:])
}

func cardNumber(r *rand.Rand, right bool) string {
	d := []byte(fmt.Sprintf("4%014d0", r.IntN(1e14)))
	sum := 0
	for i := range d[:15] {
		v := int(d[i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	check := (10 - sum%10) % 10
	if !right {
		check = (check + 1 + r.IntN(9)) % 10
	}
	d[15] = '0' + byte(check)
	return string(d)
}

// harmlessQuality tries school mail in which nothing is wrong.
func harmlessQuality(judge func(string) (map[string]bool, error), res *Result) error {
	r := rand.New(rand.NewPCG(23, 24))
	var conduct, leak tally
	for range 2000 {
		var b strings.Builder
		for range 6 + r.IntN(8) {
			b.WriteString(harmless[r.IntN(len(harmless))] + "\n")
		}
		by, err := judge(b.String())
		if err != nil {
			return err
		}
		conduct.count(false, by["conduct"])
		leak.count(false, by["leak"])
	}
	conduct.report(res, "conduct on harmless mail")
	leak.report(res, "leak on harmless mail")
	return nil
}

// harmless is sentences of school mail, with the words that mislead filters.
var harmless = append([]string{
	"In de lesbrief over de Tweede Wereldoorlog lezen we hoe joden werden vervolgd en vermoord.",
	"De kinderen maakten een werkstuk over vluchtelingen en waarom mensen hun land uit moeten.",
	"Bij biologie bespreken we de penis, de vagina, menstruatie en zwangerschap.",
	"Paarse vrijdag: homo, lesbisch, bi of transgender, op onze school mag je zijn wie je bent.",
	"De kinderboerderij heeft varkens, ratten, konijnen en een ezel die dieren aaien leuk vindt.",
	"Wij bezoeken de Dom van Utrecht; de vrouwen van de oudervereniging rijden mee.",
	"Er heerst een virus: veel kinderen zijn ziek en hebben pijn in hun buik.",
	"De ouders uit Syrië en Turkije koken vrijdag voor iedereen, ook de asielzoekers zijn welkom.",
	"Het toneelstuk gaat over een heks die dood gaat en een koning die kapot is van verdriet.",
	"Wie iemand uitscheldt voor mongool of homo krijgt een gesprek met de directie.",
	"De uitslag van het onderzoek naar dyslexie bespreken we graag met u op school.",
	"Let op: de wachtwoorden van de leerlingen staan niet meer op papier, vraag ze aan de juf.",
	"Bestelnummer 204518337 is geleverd: 28 werkboeken, ISBN 9789012345678.",
	"De dokter van het consultatiebureau geeft donderdag een prik in de gymzaal.",
	"Jongens en meiden, vergeet de zwembroek niet: we gaan schoolzwemmen in het Slotervaartbad.",
	"Sommige kinderen zijn gek op schieten met pijl en boog, dat kan tijdens het kamp.",
}, sentences...)

// labelledQuality tries texts with a label: hateful or not.
func labelledQuality(judge func(string) (map[string]bool, error), path string, res *Result) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("labelled data: %w", err)
	}
	var all tally
	kinds, names := map[string]*tally{}, []string{}
	for _, row := range rows[min(1, len(rows)):] {
		if len(row) < 4 {
			return errors.New("labelled data: a row has fewer than four columns")
		}
		by, err := judge(row[2])
		if err != nil {
			return err
		}
		k := kinds[row[1]]
		if k == nil {
			k = &tally{}
			kinds[row[1]], names = k, append(names, row[1])
		}
		all.count(row[3] == "hateful", by["conduct"])
		k.count(row[3] == "hateful", by["conduct"])
	}
	all.report(res, "conduct on labelled data")
	for _, n := range names {
		k := kinds[n]
		res.add(n, "hit", float64(k.hit+k.wrong), "")
		res.add(n, "cases", float64(k.hit+k.missed+k.wrong+k.right), "")
	}
	return nil
}

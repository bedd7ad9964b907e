package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpus is a set of made-up school mails of one size, the same for every system and
// every run: ordinary Dutch sentences, one in fifty with something that a rule finds.
type corpus struct {
	bodies []string
}

// One message in leakEvery holds a password, so that the work of setting it aside counts.
const leakEvery, leakAt = 50, 7

// leaks reports whether the nth message holds something that a rule finds.
func (c corpus) leaks(n int) bool { return n%len(c.bodies)%leakEvery == leakAt }

// newCorpus makes n different bodies of about size bytes.
func newCorpus(n, size int) corpus {
	r := rand.New(rand.NewPCG(2026, 11))
	c := corpus{}
	for i := range n {
		var b strings.Builder
		if i%leakEvery == leakAt {
			b.WriteString("Je kunt inloggen met gebruikersnaam administratie, wachtwoord: Zomer!Regen84kast\r\n\r\n")
		}
		for b.Len() < size {
			b.WriteString(sentences[r.IntN(len(sentences))])
			fmt.Fprintf(&b, " Lokaal %d, %d kinderen.\r\n", r.IntN(30), r.IntN(33))
		}
		c.bodies = append(c.bodies, b.String())
	}
	return c
}

// message returns the nth message, dot-stuffed (no line of it starts with a dot), with
// a number by which the sink knows it.
func (c corpus) message(n int) []byte {
	return fmt.Appendf(nil, "From: administratie@school.example\r\nTo: ouder@gezin.example\r\nSubject: Bericht %d\r\n"+
		"X-Token: %d\r\nMessage-ID: <%d@bench.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\nMIME-Version: "+
		"1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", n, n, n,
		c.bodies[n%len(c.bodies)])
}

var sentences = []string{
	"Beste ouders en verzorgers, volgende week beginnen wij met het project over water en dijken.",
	"De kinderen van groep 5 gaan op dinsdag naar de bibliotheek om boeken te kiezen voor hun spreekbeurt.",
	"Wilt u uw kind een gevulde broodtrommel, een beker en gymschoenen meegeven?",
	"Na de herfstvakantie is er een inloopavond waarop u het werk van de kinderen kunt bekijken.",
	"De oudervereniging zoekt nog mensen die willen helpen bij het sinterklaasfeest op vrijdag.",
	"In de les geschiedenis spraken wij over de Tweede Wereldoorlog, over verzet en over vrijheid.",
	"Het team vergadert donderdag om half vier over het rooster, de studiedag en de begroting.",
	"Met rekenen zijn we begonnen aan breuken; thuis oefenen met pizza en taart helpt echt.",
	"De luizencontrole is op woensdag. Maak het haar van uw kind die dag alstublieft los.",
	"Er zijn veel gevonden voorwerpen: twee jassen, een blauwe want en één rolschaats.",
	"Wij vragen u om 's ochtends niet op de stoep voor de school te parkeren: dat is gevaarlijk.",
	"De coördinator van de plusklas neemt deze week contact op met de ouders die het betreft.",
}

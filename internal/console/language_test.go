package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/health"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine/disclose"
)

// families are messages whose key is made of a beginning and a word of a closed list. All
// words of each list have to be there.
func families() map[string][]string {
	roles := words(ledger.Roles)
	var faultKeys, nav []string
	for _, f := range faults {
		faultKeys = append(faultKeys, f.key)
	}
	for _, rt := range allRoutes() {
		if rt.nav != "" {
			nav = append(nav, rt.nav)
			if rt.nav != "nav-home" {
				nav = append(nav, rt.nav+"-about")
			}
		}
	}
	return map[string][]string{
		"": nav, "language-": {"nl", "en"},
		"role-": roles, "role-about-": roles, "home-": roles,
		"error-": faultKeys, "hint-": faultKeys,
		"change-": words([]accounts.ChangeKind{accounts.SetRoles, accounts.Recover, accounts.Disable, accounts.Enable}),
		"ledger-": ledgerKinds,

		"review-state-": listStates, "decided-": {"kept", "released", "destroyed", "proposed"},
		"proposal-": {string(ledger.QuarantineReleased), string(ledger.QuarantineDeleted)}, "step-": steps,
		"conduct-": {"security", "conduct"}, "sort-": words(listSorts), "purpose-": {"none", "security", "conduct", "leak"}, "direction-": {"in", "out", "internal"},
		"breach-step-": append(words(breachSteps), "opened"), "nature-": breachNatures,
		"case-": words([]imagery.Source{imagery.Complaint, imagery.ByMail, imagery.BySample}), "case-step-": append(words(caseSteps), "opened"),
		"why-":         words([]totals.Why{totals.FewPeople, totals.Dominated, totals.Complement, totals.Few, totals.Missing}),
		"order-kind-":  words([]orders.Kind{orders.Targeted, orders.Exception}),
		"order-state-": words([]orders.State{orders.Requested, orders.Advised, orders.Refused, orders.Approved, orders.InForce, orders.Ended, orders.Withdrawn, orders.Completed}),
		"people-":      peopleParts, "rule-part-": ruleParts, "needed-": words(appeals.Needs), "health-": words(health.States), "health-all-": words(health.States), "web-": webActions,
		"kind-": {"mail", "web"}, "verdict-": {"pass", "tag", "quarantine", "reject"},
		"stage-": words(disclose.Stages), "mask-": words(disclose.Masks), "block-": words([]disclose.Kind{disclose.Plain, disclose.OfHTML, disclose.Hidden, disclose.Raw, disclose.Document}),
	}
}

// steps are those of acts with what was set aside.
var steps = append(words(disclose.Stages), "proposed", "second", "refused", stepAgain)

// ledgerKinds are read from the source, so that a new one is missed.
var ledgerKinds = func() (all []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "../ledger/entry.go", nil, 0)
	if err != nil {
		panic(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Kind" {
				word, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				all = append(all, word)
			}
		}
		return true
	})
	return all
}()

// TestMessages: every message that is used is there in both languages with the same
// arguments, and none is there that is not used.
func TestMessages(t *testing.T) {
	if !slices.Contains(ledgerKinds, string(ledger.SignedIn)) {
		t.Fatalf("kinds of the ledger: %q", ledgerKinds)
	}
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]string{}
	prefixes := map[string]string{}
	inTemplates(t, p, used, prefixes)
	inSource(t, used, prefixes)
	for prefix, where := range prefixes {
		if _, ok := families()[prefix]; !ok {
			t.Errorf("%s: which messages begin with %q is said in no family", where, prefix)
		}
	}
	for prefix, all := range families() {
		for _, w := range all {
			used[prefix+w] = "family " + prefix
		}
	}
	for _, l := range p.languages {
		for _, k := range slices.Sorted(maps.Keys(used)) {
			if l.texts[k] == "" {
				t.Errorf("%s: no message %q (%s)", l.Code, k, used[k])
			}
		}
		for _, k := range slices.Sorted(maps.Keys(l.texts)) {
			if used[k] == "" {
				t.Errorf("%s: nobody uses %q", l.Code, k)
			}
			if a, b := verbs(l.texts[k]), verbs(p.languages[0].texts[k]); a != b {
				t.Errorf("%s: %q has arguments %q, and %q in Dutch", l.Code, k, a, b)
			}
		}
	}
}

var verb = regexp.MustCompile(`%[a-z]`)

func verbs(text string) string { return strings.Join(verb.FindAllString(text, -1), " ") }

// inTemplates finds .T "key" and .T (print "prefix-" …).
func inTemplates(t *testing.T, p *pages, used, prefixes map[string]string) {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, _ := templates.ReadFile(name)
		text := string(b)
		all, err := parse.Parse(name, text, "", "", map[string]any{"static": 0, "dict": 0, "print": 0, "eq": 0, "ne": 0, "gt": 0, "len": 0, "not": 0, "and": 0, "or": 0, "index": 0, "lt": 0, "slice": 0, "printf": 0, "urlquery": 0, "titled": 0})
		if err != nil {
			t.Fatal(err)
		}
		for _, tree := range all {
			walk(tree.Root, func(c *parse.CommandNode) {
				if len(c.Args) < 2 || !callsT(c.Args[0]) {
					return
				}
				switch arg := c.Args[1].(type) {
				case *parse.StringNode:
					used[arg.Text] = name
				case *parse.PipeNode:
					if cmd := arg.Cmds[0]; len(cmd.Args) > 1 && cmd.Args[0].String() == "print" {
						if s, ok := cmd.Args[1].(*parse.StringNode); ok {
							prefixes[s.Text] = name
							return
						}
					}
					t.Errorf("%s: %s: a key is a text, or begins with one", name, c)
				default:
					t.Errorf("%s: %s: a key is a text, or begins with one", name, c)
				}
			})
		}
	}
}

func callsT(n parse.Node) bool {
	s := n.String()
	return s == ".T" || strings.HasSuffix(s, ".T")
}

// walk calls use for every command of a tree.
func walk(n parse.Node, use func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				walk(c, use)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, use)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				walk(c, use)
			}
		}
	case *parse.CommandNode:
		use(n)
		for _, a := range n.Args {
			walk(a, use)
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, use)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, use)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, use)
	case *parse.TemplateNode:
		walk(n.Pipe, use)
	}
}

func walkBranch(b *parse.BranchNode, use func(*parse.CommandNode)) {
	walk(b.Pipe, use)
	walk(b.List, use)
	walk(b.ElseList, use)
}

// speaking are the functions that take a message's key, and where among their arguments.
var speaking = map[string]int{"T": 0, "note": 0, "again": 1}

// inSource finds keys that are given to functions that show them.
func inSource(t *testing.T, used, prefixes map[string]string) {
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					at, ok := speaking[s.Sel.Name]
					switch {
					case !ok || at >= len(n.Args):
					case s.Sel.Name == "again": // a page or an area before it
						for _, arg := range n.Args[at:] {
							keyIn(arg, name, used, prefixes)
						}
					default:
						keyIn(n.Args[at], name, used, prefixes)
					}
				}
			case *ast.CompositeLit: // a table of keys and errors
				if isIdent(n.Type, "problems") {
					for _, e := range n.Elts {
						keyIn(e.(*ast.KeyValueExpr).Key, name, used, prefixes)
					}
				}
			}
			return true
		})
	}
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func keyIn(e ast.Expr, where string, used, prefixes map[string]string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			used[s] = where
		}
	case *ast.BinaryExpr:
		if l, ok := e.X.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(l.Value); err == nil {
				prefixes[s] = where
			}
		}
	}
}

func TestNumbersAndDatesAsTheLanguageWritesThem(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 9, 14, 5, 0, 0, time.UTC)
	for i, want := range [][]string{
		{"12.345", "12,5%", "1,2\u00a0MB", "9\u00a0maart\u00a02026, 14:05", "12.345 regels"},
		{"12,345", "12.5%", "1.2\u00a0MB", "9\u00a0March\u00a02026, 14:05", "12,345 entries"},
	} {
		l := p.languages[i]
		got := []string{l.Number(12345), l.Percent(0.125), l.Bytes(1_234_567), l.Moment(at), l.text("ledger-count", 12345)}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", l.Code, got)
		}
	}
}

func TestTheLanguageThatIsAskedFor(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ account, cookie, accept, want string }{
		{"", "", "", "nl"}, {"", "", "en-GB,en;q=0.9", "en"}, {"", "", "de", "nl"}, {"", "", strings.Repeat("x,", 1000), "nl"},
		{"", "en", "nl", "en"}, {"nl", "en", "en", "nl"}, {"", "tlh", "en", "en"},
	} {
		if l := p.language(c.account, c.cookie, c.accept); l.Code != c.want {
			t.Errorf("%q: %s", c, l.Code)
		}
	}
}

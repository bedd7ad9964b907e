package langtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template/parse"
)

// Speaker is a function or method that takes a key, or a type of map whose keys are keys of the catalogue.
type Speaker struct {
	Name string
	Key  int  // its place among the arguments
	All  bool // the arguments after it are keys as well
}

// common are the methods of package lang, and T, which templates and pages call.
var common = []Speaker{{Name: "T"}, {Name: "Text"}, {Name: "Message"}}

// used are the keys that a package uses.
type used struct {
	keys     map[string]string // where each is used, in a place that takes keys
	prefixes map[string]string // where each beginning of a key is used
	suffixes map[string]bool
	literals map[string]bool // all strings in the code
	unclear  []string        // places with a key that cannot be known
	tested   bool            // a test of the package calls Package
	speakers map[string]Speaker
}

// has reports whether a key may be in use.
func (u *used) has(key string) bool {
	if u.keys[key] != "" || u.literals[key] {
		return true
	}
	for prefix := range u.prefixes {
		if prefix != "" && strings.HasPrefix(key, prefix) {
			return true
		}
	}
	for l := range u.literals { // "error-" + code
		if len(l) > 1 && strings.HasSuffix(l, "-") && strings.HasPrefix(key, l) {
			return true
		}
	}
	for suffix := range u.suffixes {
		if stem, ok := strings.CutSuffix(key, suffix); ok && u.literals[stem] {
			return true
		}
	}
	return false
}

// uses reads the sources and templates of a package.
func uses(dir string, speakers []Speaker) (*used, error) {
	u := &used{
		keys:     map[string]string{},
		prefixes: map[string]string{},
		suffixes: map[string]bool{},
		literals: map[string]bool{},
		speakers: map[string]Speaker{},
	}
	for _, s := range speakers {
		u.speakers[s.Name] = s
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range sources {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, "_test.go") {
			ast.Inspect(f, u.test)
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool { return u.source(n, name) })
	}
	for _, pattern := range []string{"*.html", "templates/*.html"} {
		templates, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range templates {
			if err := u.template(name); err != nil {
				return nil, err
			}
		}
	}
	return u, nil
}

// test notes whether a test calls Package.
func (u *used) test(n ast.Node) bool {
	if s, ok := n.(*ast.SelectorExpr); ok && isIdent(s.X, "langtest") && s.Sel.Name == "Package" {
		u.tested = true
	}
	return true
}

// source notes the keys of a node of the code.
func (u *used) source(n ast.Node, where string) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
			u.literals[s] = true
		}
	case *ast.CallExpr:
		s, ok := u.speakers[called(n.Fun)]
		for i, arg := range n.Args {
			if ok && (i == s.Key || s.All && i > s.Key) {
				u.key(arg, where)
			}
		}
	case *ast.CompositeLit:
		id, ok := n.Type.(*ast.Ident)
		if !ok {
			break
		}
		if _, ok := u.speakers[id.Name]; !ok {
			break
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				u.key(kv.Key, where)
			}
		}
	}
	return true
}

// called returns the name of a function or method.
func called(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// key notes an expression that is a key.
func (u *used) key(e ast.Expr, where string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			u.keys[s] = where
		}
	case *ast.BinaryExpr:
		x := e.X
		for { // a + b + c is (a + b) + c
			b, ok := x.(*ast.BinaryExpr)
			if !ok {
				break
			}
			x = b.X
		}
		if l, ok := x.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(l.Value); err == nil {
				u.prefixes[s] = where
			}
		} else if l, ok := e.Y.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(l.Value); err == nil {
				u.suffixes[s] = true
			}
		}
	}
}

// template notes the keys of a template: .T "key" and .T (print "prefix-" ...).
func (u *used) template(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	root := parse.New(name)
	root.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := root.Parse(string(b), "", "", trees); err != nil {
		return err
	}
	for _, tree := range trees {
		walk(tree.Root, func(c *parse.CommandNode) { u.command(c, name) })
	}
	return nil
}

// command notes the key of a call of T.
func (u *used) command(c *parse.CommandNode, name string) {
	if f := c.Args[0].String(); len(c.Args) < 2 || !strings.HasSuffix(f, ".T") {
		return
	}
	switch arg := c.Args[1].(type) {
	case *parse.StringNode:
		u.keys[arg.Text] = name
		return
	case *parse.PipeNode:
		if cmd := arg.Cmds[0]; len(cmd.Args) > 1 && cmd.Args[0].String() == "print" {
			if s, ok := cmd.Args[1].(*parse.StringNode); ok {
				u.prefixes[s.Text] = name
				return
			}
		}
	}
	u.unclear = append(u.unclear, name+": "+c.String())
}

// walk calls visit for every command of a tree.
func walk(n parse.Node, visit func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				walk(c, visit)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				walk(c, visit)
			}
		}
	case *parse.CommandNode:
		visit(n)
		for _, a := range n.Args {
			walk(a, visit)
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	}
}

func walkBranch(b *parse.BranchNode, visit func(*parse.CommandNode)) {
	walk(b.Pipe, visit)
	walk(b.List, visit)
	walk(b.ElseList, visit)
}

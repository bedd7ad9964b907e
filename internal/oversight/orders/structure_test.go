package orders

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

const (
	journalPath = "sluis/internal/journal"
	ordersPath  = "sluis/internal/oversight/orders"
	accessPath  = "sluis/internal/oversight/access"
)

// program is every package of the gateway, with types and without tests.
func program(t *testing.T) []*packages.Package {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(all) > 0 || len(all) < 20 {
		t.Fatalf("%d packages", len(all))
	}
	return all
}

var load = sync.OnceValues(func() ([]*packages.Package, error) {
	return packages.Load(&packages.Config{
		Dir: "../../..",
		// Without NeedDeps: the types of what others wrote come from the build cache.
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax |
			packages.NeedImports |
			packages.NeedExportFile,
	}, "./...")
})

// gives reports whether a type has a pseudonym that its holder can read.
func gives(v types.Type, seen map[types.Type]bool) bool {
	if seen[v] {
		return false
	}
	seen[v] = true
	switch v := types.Unalias(v).(type) {
	case *types.Named:
		if o := v.Obj(); o.Name() == "Pseudonym" && o.Pkg() != nil && o.Pkg().Path() == journalPath {
			return true
		}
		return gives(v.Underlying(), seen)
	case *types.Struct:
		for f := range v.Fields() {
			if f.Exported() && gives(f.Type(), seen) {
				return true
			}
		}
	case *types.Pointer:
		return gives(v.Elem(), seen)
	case *types.Slice:
		return gives(v.Elem(), seen)
	case *types.Array:
		return gives(v.Elem(), seen)
	case *types.Map:
		return gives(v.Key(), seen) || gives(v.Elem(), seen)
	case *types.Chan:
		return gives(v.Elem(), seen)
	case *types.Signature: // of a callback, which is handed its parameters
		return tuple(v.Params(), seen) || tuple(v.Results(), seen)
	}
	return false
}

func tuple(vs *types.Tuple, seen map[types.Type]bool) bool {
	for v := range vs.Variables() {
		if gives(v.Type(), seen) {
			return true
		}
	}
	return false
}

// leaks reports whether a function hands a pseudonym to its caller: as a result, or to a
// callback.
func leaks(s *types.Signature) bool {
	for p := range s.Params().Variables() {
		if f, ok := p.Type().Underlying().(*types.Signature); ok && tuple(f.Params(), map[types.Type]bool{}) {
			return true
		}
	}
	return tuple(s.Results(), map[types.Type]bool{})
}

// exported calls use for every exported function and method of a package.
func exported(p *packages.Package, use func(name string, f *types.Func)) {
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		switch o := scope.Lookup(name).(type) {
		case *types.Func:
			if o.Exported() {
				use(name, o)
			}
		case *types.TypeName:
			set := types.NewMethodSet(types.NewPointer(o.Type()))
			for m := range set.Methods() {
				if f, ok := m.Obj().(*types.Func); ok && f.Exported() {
					use(name+"."+f.Name(), f)
				}
			}
		}
	}
}

// C3.2c, what must never happen 4: no exported function of any package hands out a
// pseudonym, the keys can do six things, and two packages find records with them: orders
// (C3.2c) and access (C3.2f).
func TestThereIsNoWayToAPersonButAnOrderOrTheirOwnRequest(t *testing.T) {
	all := program(t)
	found := 0
	for _, p := range all {
		exported(p, func(name string, f *types.Func) {
			if leaks(f.Signature()) {
				t.Errorf("%s: %s hands out a pseudonym", p.PkgPath, name)
			}
			if p.PkgPath == journalPath && strings.HasPrefix(name, "Keys.") {
				if !slices.Contains([]string{"Find", "Forget", "Lost", "Months", "Record", "Renew"}, f.Name()) {
					t.Errorf("the keys can do something else: %s", f.Name())
				}
				found++
			}
		})
		for id, o := range p.TypesInfo.Uses {
			f, ok := o.(*types.Func)
			if !ok || f.Pkg() == nil || f.Pkg().Path() != journalPath {
				continue
			}
			if (f.Name() == "Find" || f.Name() == "Of") && p.PkgPath != ordersPath && p.PkgPath != accessPath &&
				p.PkgPath != journalPath {
				t.Errorf("%s finds a person's records: %v", p.PkgPath, p.Fset.Position(id.Pos()))
			}
		}
	}
	if found != 6 {
		t.Errorf("%d methods of the keys were seen", found)
	}
}

// And in these packages both ways go through the ledger: what finds records is called from
// Use, and from Give, alone.
func TestBothWaysGoThroughTheLedger(t *testing.T) {
	want := map[string]string{ordersPath: "[Use find]", accessPath: "[Give]"}
	for _, p := range program(t) {
		if want[p.PkgPath] == "" {
			continue
		}
		callers := map[string]bool{}
		for _, file := range p.Syntax {
			for _, d := range file.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				ast.Inspect(fn, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && findsRecords(p.TypesInfo.Uses[id]) {
						callers[fn.Name.Name] = true
					}
					return true
				})
			}
		}
		if got := fmt.Sprint(slices.Sorted(maps.Keys(callers))); got != want[p.PkgPath] {
			t.Errorf("%s finds records from %s, want %s", p.PkgPath, got, want[p.PkgPath])
		}
		delete(want, p.PkgPath)
	}
	if len(want) > 0 {
		t.Errorf("packages that were not seen: %v", want)
	}
}

// findsRecords reports whether an object is journal.Keys.Find, or the function of this package
// that calls it.
func findsRecords(o types.Object) bool {
	f, ok := o.(*types.Func)
	return ok &&
		(f.Name() == "Find" && f.Pkg().Path() == journalPath || f.Name() == "find" && f.Pkg().Path() == ordersPath)
}

// The test would see a leak.
func TestALeakWouldBeSeen(t *testing.T) {
	for _, p := range program(t) {
		if p.PkgPath != journalPath {
			continue
		}
		store := p.Types.Scope().Lookup("Store").Type().Underlying().(*types.Interface)
		for m := range store.ExplicitMethods() {
			if leaks(m.Signature()) {
				t.Errorf("%s of the interface hands out a pseudonym", m.Name())
			}
		}
		pseudonym := p.Types.Scope().Lookup("Pseudonym").Type()
		result := types.NewTuple(types.NewVar(0, nil, "", types.NewSlice(pseudonym)))
		callback := types.NewSignatureType(
			nil, nil, nil, types.NewTuple(types.NewVar(0, nil, "", pseudonym)), nil, false,
		)
		for name, s := range map[string]*types.Signature{
			"a result": types.NewSignatureType(nil, nil, nil, nil, result, false),
			"a callback": types.NewSignatureType(
				nil, nil, nil, types.NewTuple(types.NewVar(0, nil, "", callback)), nil, false,
			),
		} {
			if !leaks(s) {
				t.Errorf("%s passed for harmless", name)
			}
		}
	}
}

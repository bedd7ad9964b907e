package imagery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/image/draw"

	"sluis/internal/ledger"
	"sluis/internal/store"
	"sluis/internal/testenv"
)

var privacy = ledger.Actor{Name: "fg", Role: ledger.Privacy}

// picture is a made-up photograph; another seed is another one.
func picture(seed uint64, w, h int) image.Image {
	r := rand.New(rand.NewPCG(seed, 1))
	coarse := image.NewRGBA(image.Rect(0, 0, 6, 6))
	for i := range 36 {
		coarse.Set(i%6, i/6, color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), coarse, coarse.Bounds(), draw.Src, nil)
	return out
}

func pngOf(i image.Image) []byte { var b bytes.Buffer; png.Encode(&b, i); return b.Bytes() }

func jpegOf(i image.Image, q int) []byte {
	var b bytes.Buffer
	jpeg.Encode(&b, i, &jpeg.Options{Quality: q})
	return b.Bytes()
}

func TestAPictureIsKnownInAnotherSize(t *testing.T) {
	for seed := range uint64(8) {
		a, err := hash(pngOf(picture(seed, 800, 600)))
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{
			"smaller": jpegOf(picture(seed, 320, 240), 80),
			"worse":   jpegOf(picture(seed, 800, 600), 20),
		} {
			if h, err := hash(b); err != nil || bits.OnesCount64(a^h) > near {
				t.Errorf("picture %d, %s: %d bits differ, %v", seed, name, bits.OnesCount64(a^h), err)
			}
		}
		if h, _ := hash(pngOf(picture(seed+100, 800, 600))); bits.OnesCount64(a^h) <= near {
			t.Errorf("picture %d is taken for another", seed)
		}
	}
	for name, b := range map[string][]byte{
		"text":    []byte("hallo"),
		"nothing": nil,
		"cut":     pngOf(picture(1, 90, 90))[:200],
		"huge":    hugePNG(),
	} {
		if _, err := hash(b); err == nil {
			t.Errorf("%s has a hash", name)
		}
	}
}

// hugePNG says that it is 60,000 by 60,000 points.
func hugePNG() []byte {
	b := pngOf(image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(b[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	return b
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`<a href="/x"><img src="y.png"><img src=data:image/png;base64,AA==><a href='http://[::1'>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, _ := http.NewRequest("GET", "http://site.example/a/", nil)
		links, images := onPage(at.URL, b)
		for _, l := range append(links, images...) {
			if !strings.HasPrefix(l, "http://") && !strings.HasPrefix(l, "https://") {
				t.Errorf("an address %q", l)
			}
		}
	})
}

func open(t *testing.T) (*Store, *ledger.Ledger, *age.X25519Identity, string) {
	t.Helper()
	book, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := Open(store.Open(dir), book, key.Recipient())
	return s, book, key, dir
}

// site is a school's site at nginx: 12 pages with an image each, two of which robots.txt
// does not allow, and links to elsewhere.
func site(t *testing.T) (address, root string) {
	t.Helper()
	testenv.Need(t, "nginx")
	n, err := testenv.StartNginx(context.Background(), t.TempDir(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	put := func(name string, b []byte) {
		t.Helper()
		path := filepath.Join(n.Root(), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	index := `<a href="http://elders.example/">x</a><a href="/geheim/p0.html">x</a>` +
		`<img src="http://elders.example/x.png">`
	for i := range 12 {
		dir := ""
		if i < 2 {
			dir = "geheim/"
		}
		index += fmt.Sprintf(`<a href="/%sp%d.html#top">x</a>`, dir, i)
		put(
			fmt.Sprintf("%sp%d.html", dir, i),
			fmt.Appendf(
				nil,
				`<a href="/">terug</a><img src="/%sfoto%d.png" alt=""><img src="data:image/png;base64,AA==">`,
				dir,
				i,
			),
		)
		put(fmt.Sprintf("%sfoto%d.png", dir, i), pngOf(picture(uint64(i), 200, 150)))
	}
	put("index.html", []byte(index))
	put("robots.txt", []byte("User-agent: *\nDisallow: /geheim/\n"))
	return "http://" + n.Addr() + "/", n.Root()
}

func TestImagesOfTheOwnSiteAreDrawnAndChecked(t *testing.T) { // C3.3d
	address, root := site(t)
	s, book, _, dir := open(t)
	consents, err := parseRegister(
		"person;scope;until\nAnna de Vries;website;" + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) +
			"\nBart;website;2020-01-01\n",
	)
	if err != nil {
		t.Fatal(err)
	}
	sample := func(n int) Sample {
		t.Helper()
		out, err := s.Sample(
			t.Context(), []string{address}, http.DefaultClient, Bounds{Images: n, Interval: time.Microsecond}, consents,
		)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	of := func(x Sample, name string) Image {
		t.Helper()
		for _, i := range x.Images {
			if strings.HasSuffix(i.Address, "/"+name) {
				return i
			}
		}
		t.Fatalf("%s was not drawn", name)
		return Image{}
	}
	all := sample(100)
	if all.Pages != 11 || all.Found != 10 || len(all.Images) != 10 {
		t.Fatalf("%d pages, %d images, %d drawn", all.Pages, all.Found, len(all.Images))
	}
	for _, i := range all.Images {
		if i.Finding != Unknown || i.Hash == "" || strings.Contains(i.Address, "geheim") {
			t.Errorf("the image is %+v, want an unknown one with a hash, from an allowed page", i)
		}
	}
	anna, bart, down := of(all, "foto2.png"), of(all, "foto3.png"), of(all, "foto4.png")
	for h, people := range map[string][]string{anna.Hash: {"anna de vries"}, bart.Hash: {"Anna de Vries", "Bart"}} {
		if err := s.Seen(h, people); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.FromSample(t.Context(), privacy, down)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []Step{Inspected, TakedownRequested, TakenDown, Closed} {
		if err := s.Take(t.Context(), privacy, c.ID, step, ""); err != nil {
			t.Fatal(err)
		}
	}
	// It is there again, smaller, under another name.
	os.WriteFile(filepath.Join(root, "p9.html"), []byte(`<img src="/weer.jpg">`), 0o644)
	os.WriteFile(filepath.Join(root, "weer.jpg"), jpegOf(picture(4, 120, 90), 70), 0o644)
	again := sample(100)
	for name, want := range map[string]Finding{
		"foto2.png": Agreed,
		"foto3.png": NotAgreed,
		"weer.jpg":  Reappeared,
		"foto5.png": Unknown,
	} {
		if got := of(again, name); got.Finding != want || want == Reappeared && got.Case != c.ID {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	few := sample(3)
	if len(few.Images) != 3 {
		t.Errorf("%d drawn", len(few.Images))
	}
	seeds := 0
	for e, err := range book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == ledger.ImagerySampled && e.Data.Secret == few.Seed && e.Data.Ref == few.ID {
			seeds++
		}
	}
	if seeds != 1 {
		t.Error("the seed is not in the ledger")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, f := range files {
		if b, _ := os.ReadFile(f); bytes.Contains(b, []byte("PNG")) || bytes.Contains(b, []byte("JFIF")) {
			t.Errorf("an image is kept in %s", filepath.Base(f))
		}
	}
}

func TestADrawCanBeRepeated(t *testing.T) {
	var images []found
	for i := range 50 {
		images = append(images, found{"p", fmt.Sprint(i)})
	}
	first := drawn([]byte("seed"), images, 5)
	rand.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	if again := drawn([]byte("seed"), images, 5); fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%v and %v", first, again)
	}
	if other := drawn([]byte("other"), images, 5); fmt.Sprint(first) == fmt.Sprint(other) {
		t.Error("another seed draws the same")
	}
}

func TestOnlyTheListedSitesAreVisited(t *testing.T) {
	address, root := site(t)
	os.WriteFile(filepath.Join(root, "robots.txt"), []byte("User-agent: SluisImagery\nDisallow: /\n"), 0o644)
	s, _, _, _ := open(t)
	if out, err := s.Sample(
		t.Context(), []string{address}, http.DefaultClient, Bounds{Interval: time.Microsecond}, nil,
	); err != nil || out.Pages != 0 {
		t.Errorf("a site that does not want it: %d pages, %v", out.Pages, err)
	}
	for _, bad := range []string{"file:///etc/passwd", "school.example", "ftp://school.example/", "://"} {
		if _, err := s.Sample(t.Context(), []string{bad}, http.DefaultClient, Bounds{}, nil); err == nil {
			t.Errorf("visited %s", bad)
		}
	}
	os.WriteFile(filepath.Join(root, "robots.txt"), nil, 0o644)
	if out, err := s.Sample(
		t.Context(), []string{address}, http.DefaultClient, Bounds{Pages: 4, Interval: time.Microsecond}, nil,
	); err != nil || out.Pages != 4 {
		t.Errorf("%d pages of at most 4, %v", out.Pages, err)
	}
}

func TestACaseFromComplaintToItsEnd(t *testing.T) { // C3.3d
	s, book, key, dir := open(t)
	c, err := s.Complain(
		t.Context(), ledger.Actor{Name: "ouder"}, "https://school.example/jansen-groep5", "Mijn kind Jansen staat op een foto",
	)
	if err != nil {
		t.Fatal(err)
	}
	want := Said{"https://school.example/jansen-groep5", "Mijn kind Jansen staat op een foto"}
	if said, err := s.Read(t.Context(), privacy, c.ID, key); err != nil || said != want {
		t.Errorf("the complaint is %q, %v, want %q", said, err, want)
	}
	err = filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(strings.ToLower(string(text)), "jansen") {
			t.Errorf("%s has what the complaint says, want it sealed", f.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same message is one complaint
		if err := s.Mailed(t.Context(), "a1"); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []Step{Inspected, TakenDown, Closed} {
		if err := s.Take(t.Context(), privacy, c.ID, step, "ff00ff00ff00ff00"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Take(t.Context(), privacy, c.ID, Inspected, ""); !errors.Is(err, ErrClosed) {
		t.Errorf("a step after the end: %v", err)
	}
	c, err = s.Case(c.ID)
	if err != nil || c.Open() || len(c.Sealed) > 0 || len(c.Steps) != 4 || c.Hash == "" {
		t.Errorf("the case is %+v, %v, want it closed after four steps, without the complaint", c, err)
	}
	if list, err := s.Cases(); err != nil || len(list) != 2 {
		t.Errorf("%d cases, %v", len(list), err)
	}
	for name, err := range map[string]error{
		"nothing": func() error {
			_, err := s.Complain(t.Context(), ledger.Actor{}, "", " ")
			return err
		}(),
		"another step": s.Take(t.Context(), privacy, c.ID, "gone", ""),
		"another case": s.Take(t.Context(), privacy, "../x", Inspected, ""),
		"no hash":      s.Seen("zz", nil), "no hash of a case": s.Take(t.Context(), privacy, c.ID, Inspected, "zz"),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, f := range files {
		if b, _ := os.ReadFile(f); strings.Contains(string(b), "Jansen") {
			t.Errorf("in the clear in %s", filepath.Base(f))
		}
	}
	for e, err := range book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprintf("%+v", e.Data), "Jansen") {
			t.Error("in the ledger")
		}
	}
}

func TestWhatIsNoRegister(t *testing.T) {
	for name, text := range map[string]string{
		"two columns": "a;b\n",
		"no day":      "Anna,website,ooit\n",
		"nobody":      " ,website,2027-01-01\n",
		"a quote":     "\"Anna,website,2027-01-01\n",
	} {
		if _, err := parseRegister(text); err == nil || strings.Contains(err.Error(), "Anna") {
			t.Errorf("%s: error %v, want one without names", name, err)
		}
	}
	r, err := parseRegister("\ufeffperson,scope,until\n\"Vries,  Anna de\",Website,2026-11-23\n")
	day := time.Date(2026, 11, 23, 23, 59, 0, 0, time.Local)
	if err != nil || !r.Agreed("vries, anna  DE", "website", day) ||
		r.Agreed("vries, anna de", "website", day.Add(time.Hour)) || r.Agreed("vries, anna de", "krant", day) ||
		r.Agreed("Bart", "website", day) {
		t.Errorf("the register is %v, %v, want consent of the person, scope and day alone", r, err)
	}
}

// Nothing of this touches mail or web traffic: the package knows none of it, and no gateway
// knows the package.
func TestImageryIsApartFromTraffic(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = "../../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	const imagery = "sluis/internal/oversight/imagery"
	seen := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen++
		for path := range strings.FieldsSeq(imports) {
			own := strings.HasPrefix(path, "sluis/") && path != "sluis/internal/ledger" &&
				path != "sluis/internal/store"
			if pkg == imagery && own {
				t.Errorf("imagery imports %s, want only the ledger and the store", path)
			}
			traffic := slices.ContainsFunc([]string{
				"sluis/smtpd",
				"sluis/proxy",
				"sluis/filter",
			}, func(gateway string) bool {
				return strings.HasPrefix(pkg, gateway)
			})
			if path == imagery && traffic {
				t.Errorf("%s imports imagery, want no gateway to", pkg)
			}
		}
	}
	if seen < 20 {
		t.Errorf("saw %d packages, want all of the program", seen)
	}
}

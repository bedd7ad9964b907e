package imagery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // formats that pages have
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/temoto/robotstxt"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
	"golang.org/x/net/html"
)

// Bounds of a visit. Zero values are the defaults.
type Bounds struct {
	Pages    int           // of all hosts together; default 200
	Images   int           // that are drawn; default 25
	Interval time.Duration // between two requests; default 1 s
}

const (
	agent     = "SluisImagery" // in robots.txt
	maxPage   = 4 << 20        // bytes
	maxImage  = 16 << 20       // bytes
	maxPixels = 50_000_000
	maxFound  = 20_000 // images on all pages
)

// found is an image on a page.
type found struct {
	page, image string
}

// visitor fetches pages of the hosts of a list.
type visitor struct {
	client *http.Client
	hosts  map[string]bool // host, with its port if it has one
	robots map[string]*robotstxt.Group
	bounds Bounds
	last   time.Time
}

func newVisitor(sites []string, client *http.Client, b Bounds) (*visitor, []string, error) {
	if b.Pages <= 0 {
		b.Pages = 200
	}
	if b.Images <= 0 {
		b.Images = 25
	}
	v := &visitor{hosts: map[string]bool{}, robots: map[string]*robotstxt.Group{}, bounds: b}
	var starts []string
	for _, s := range sites {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return nil, nil, errors.New("a site is an address such as https://www.school.nl/")
		}
		v.hosts[u.Host] = true
		starts = append(starts, u.String())
	}
	c := *client
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || !v.hosts[r.URL.Host] { // the list is the list
			return http.ErrUseLastResponse
		}
		return nil
	}
	v.client = &c
	return v, starts, nil
}

// get fetches an address, if the list and robots.txt allow it, and not too soon.
func (v *visitor) get(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	if !v.hosts[u.Host] {
		return nil, errors.New("the host is not on the list")
	}
	if allowed, err := v.allowed(ctx, u); err != nil || !allowed {
		return nil, errors.Join(errors.New("robots.txt does not allow it"), err)
	}
	return v.fetch(ctx, u.String(), limit)
}

func (v *visitor) fetch(ctx context.Context, address string, limit int64) ([]byte, error) {
	select {
	case <-time.After(time.Until(v.last.Add(v.bounds.Interval))):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	v.last = time.Now()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agent+"/1 (consent check of the organisation's own site)")
	res, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if int64(len(b)) > limit {
		return nil, errors.New("larger than is looked at")
	}
	return b, err
}

// allowed asks robots.txt: none allows all, one that cannot be had allows nothing (RFC
// 9309, section 2.3.1).
func (v *visitor) allowed(ctx context.Context, u *url.URL) (bool, error) {
	g, ok := v.robots[u.Host]
	if !ok {
		b, err := v.fetch(ctx, u.Scheme+"://"+u.Host+"/robots.txt", 500<<10)
		status := http.StatusOK
		if err != nil {
			if _, scanned := fmt.Sscanf(err.Error(), "status %d", &status); scanned != nil {
				return false, err
			}
		}
		data, err := robotstxt.FromStatusAndBytes(status, b)
		if err != nil {
			return false, err
		}
		g = data.FindGroup(agent)
		v.robots[u.Host] = g
	}
	return g.Test(u.EscapedPath()), nil
}

// crawl visits pages, nearest first, and returns the images on them and how many pages
// there were.
func (v *visitor) crawl(ctx context.Context, starts []string) (images []found, pages int, err error) {
	queue, known, seen := slices.Clone(starts), map[string]bool{}, map[found]bool{}
	for _, s := range queue {
		known[s] = true
	}
	for len(queue) > 0 && pages < v.bounds.Pages {
		at, err := url.Parse(queue[0])
		queue = queue[1:]
		if err != nil {
			continue
		}
		b, err := v.get(ctx, at, maxPage)
		if ctx.Err() != nil {
			return nil, pages, ctx.Err()
		}
		if err != nil {
			continue // a page that is not there, or not for us
		}
		pages++
		links, pictures := onPage(at, b)
		for _, l := range links {
			if u, err := url.Parse(l); err == nil && v.hosts[u.Host] && !known[l] && len(known) < 50*v.bounds.Pages {
				known[l] = true
				queue = append(queue, l)
			}
		}
		for _, p := range pictures {
			f := found{at.String(), p}
			if u, err := url.Parse(p); err == nil && v.hosts[u.Host] && !seen[f] && len(images) < maxFound {
				seen[f] = true
				images = append(images, f)
			}
		}
	}
	return images, pages, nil
}

// onPage returns the addresses of links and images on a page.
func onPage(at *url.URL, b []byte) (links, images []string) {
	z := html.NewTokenizer(bytes.NewReader(b))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return links, images
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			for _, a := range t.Attr {
				to, err := at.Parse(strings.TrimSpace(a.Val))
				if err != nil || to.Scheme != "http" && to.Scheme != "https" {
					continue
				}
				to.Fragment = ""
				switch {
				case t.Data == "a" && a.Key == "href":
					links = append(links, to.String())
				case t.Data == "img" && a.Key == "src":
					images = append(images, to.String())
				}
			}
		}
	}
}

// hash returns the perceptual hash of an image.
func hash(b []byte) (uint64, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return 0, errors.New("not an image that is known")
	}
	if c.Width <= 0 || c.Height <= 0 || c.Width > maxPixels/c.Height {
		return 0, errors.New("larger than is looked at")
	}
	picture, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return 0, errors.New("a damaged image")
	}
	return difference(picture), nil
}

// difference returns the difference hash of a picture: of nine by eight grey points each
// one bit says whether it is brighter than the next. Size and compression hardly change it.
func difference(picture image.Image) (h uint64) {
	small := image.NewGray(image.Rect(0, 0, 9, 8))
	draw.CatmullRom.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	for y := range 8 {
		for x := range 8 {
			h <<= 1
			if small.GrayAt(x, y).Y > small.GrayAt(x+1, y).Y {
				h |= 1
			}
		}
	}
	return h
}

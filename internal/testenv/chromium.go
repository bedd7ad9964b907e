package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// axe is the version of axe-core that pages are checked with.
const axe = "axe-core@4.10.3"

// Chromium returns a context in which chromedp drives Debian's Chromium, headless and with
// a profile of its own under dir. Flags are added to its own, as name and value.
func Chromium(ctx context.Context, dir string, flags map[string]any) (context.Context, context.CancelFunc) {
	opts := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find("chromium")),
		chromedp.NoSandbox,
		chromedp.UserDataDir(dir),
		chromedp.Flag(
			"disable-quic",
			true,
		),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
	)
	for name, value := range flags {
		opts = append(opts, chromedp.Flag(name, value))
	}
	alloc, stop := chromedp.NewExecAllocator(ctx, opts...)
	tab, cancel := chromedp.NewContext(alloc)
	return tab, func() { cancel(); stop() }
}

// Axe returns the source of axe-core, which finds what keeps people with a disability out
// of a page.
func Axe(ctx context.Context) (string, error) {
	dir, err := NPM(ctx, axe)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(dir, "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("axe: %w", err)
	}
	return string(b), nil
}

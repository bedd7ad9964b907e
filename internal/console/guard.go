package console

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of what requests may cost.
const (
	maxBody    = 64 << 10
	maxClients = 8192 // whose rate is remembered
	perSecond  = 20   // requests of one client
	burst      = 120
)

// policy allows what comes from this program alone, and no script within a page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// permissions are the features of browsers that pages may use: passkeys alone.
const permissions = "camera=(), geolocation=(), microphone=(), " +
	"publickey-credentials-get=(self), publickey-credentials-create=(self)"

// guard is what every request passes.
func (c *Console) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.refuse(w, r, errCrossOrigin)
	}))
	inner := cross.Handler(c.sessions.LoadAndSave(c.begun.LoadAndSave(next)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.recover(w, r)
		c.headers(w.Header())
		switch {
		case !slices.Contains(c.hosts, strings.ToLower(r.Host)): // another name that leads here: DNS rebinding
			c.refuse(w, r, errOtherHost)
		case !c.paced(c.client(r)):
			w.Header().Set("Retry-After", "5")
			c.refuse(w, r, errTooOften)
		default:
			inner.ServeHTTP(w, r)
		}
	})
}

func (c *Console) headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // forms have to tell where they stand
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
	h.Set("Cache-Control", "no-store")
	if c.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recover keeps a fault of one page from ending others. The value of the fault may hold content, so
// that the log gets its place alone.
func (c *Console) recover(w http.ResponseWriter, r *http.Request) {
	if fault := recover(); fault != nil {
		if fault == http.ErrAbortHandler {
			panic(fault)
		}
		c.log.Error("console: a page failed", "page", r.Pattern, "at", place())
		c.refuse(w, r, errInternal)
	}
}

// client returns the address that asks.
func (c *Console) client(r *http.Request) netip.Addr {
	if c.config.BehindProxy {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			last := all[len(all)-1]
			if a, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])); err == nil {
				return a.Unmap()
			}
		}
	}
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// paced reports whether a client asks no more often than people and their browsers do.
func (c *Console) paced(client netip.Addr) bool {
	if client.Is6() {
		if p, err := client.Prefix(64); err == nil {
			client = p.Addr()
		}
	}
	l, ok := c.rates.Get(client)
	if !ok {
		l = rate.NewLimiter(c.pace, burst)
		c.rates.Add(client, l)
	}
	return l.AllowN(time.Now(), 1)
}

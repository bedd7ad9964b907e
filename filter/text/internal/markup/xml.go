package markup

import (
	"io"

	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// ScanXML hands h what stands in an XML file.
func ScanXML(w *walk.Walker, r io.Reader, h Handler) error {
	br, done := walk.Buffered(r)
	defer done()
	u, _ := charsets.Decode("", true, br)
	ur, release := walk.Buffered(u)
	defer release()
	s := Scanner{br: ur, handler: h, xml: true}
	return s.scan()
}

package text

import "io"

// scanXML tells h what stands in an XML file.
func (w *walker) scanXML(r io.Reader, h htmlHandler) error {
	br, done := buffered(r)
	defer done()
	u, _ := decodeCharset("", true, br)
	ur, release := buffered(u)
	defer release()
	s := htmlScanner{br: ur, handler: h, xml: true}
	return s.scan()
}

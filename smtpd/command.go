package smtpd

import (
	"io"
	"net"
	"strconv"
	"strings"
)

// placeholder stands for every path in what go-smtp sees: the session takes the real
// one from the wire. go-smtp refuses <postmaster>, strips source routes in silence and
// unquotes local parts, so that the next hop would get another address than the client
// wrote, even with parameters of its own.
const placeholder = "<path@placeholder.invalid>"

// command handles one command line: it answers, or makes a line for go-smtp.
func (w *wire) command(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	w.verb = verb
	if strings.ContainsFunc(line, control) {
		w.say(500, "5.5.2 Control characters are not allowed in commands")
		return
	}
	if w.again && verb != "EHLO" && verb != "HELO" && verb != "NOOP" && verb != "RSET" && verb != "QUIT" {
		if verb == "BDAT" {
			w.hangUp(503, "5.5.1 Say EHLO first")
			return
		}
		w.say(503, "5.5.1 Say EHLO first")
		return
	}
	switch verb {
	case "STARTTLS":
		w.startTLS(arg)
	case "MAIL":
		w.mailOrRcpt("MAIL", "FROM:", arg)
	case "RCPT":
		w.mailOrRcpt("RCPT", "TO:", arg)
	case "BDAT":
		w.firstChunk(arg)
	case "AUTH":
		w.say(502, "5.5.1 AUTH is not offered")
	case "EHLO", "HELO":
		w.esmtp, w.again = verb == "EHLO", false
		w.pass(line)
	default:
		w.pass(line)
	}
}

func (w *wire) pass(line string) { w.pending = append([]byte(line), '\r', '\n') }

// mailOrRcpt keeps the exact path and gives go-smtp the parameters to check.
func (w *wire) mailOrRcpt(verb, prefix, arg string) {
	arg = strings.TrimLeft(arg, " ")
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		w.say(501, "5.5.4 Syntax: "+verb+" "+prefix+"<address>")
		return
	}
	raw, rest, ok := cutPath(arg[len(prefix):])
	if !ok {
		w.say(501, "5.5.4 Syntax: "+verb+" "+prefix+"<address>")
		return
	}
	w.path, w.params = raw, parseParams(rest)
	w.pass(verb + " " + prefix + placeholder + w.params.suffix())
}

// startTLS upgrades the connection (RFC 3207) underneath go-smtp. What the client sent
// in clear after the command is thrown away.
func (w *wire) startTLS(arg string) {
	switch {
	case arg != "":
		w.say(501, "5.5.4 STARTTLS takes no argument")
	case w.tls != nil:
		w.say(503, "5.5.1 TLS is already active")
	case w.world.cfg.TLS == nil:
		w.say(502, "5.5.1 STARTTLS is not offered")
	default:
		w.say(220, "2.0.0 Ready to start TLS")
		if w.flush() != nil || w.handshake() != nil {
			w.mode = closed
			return
		}
		w.in.Reset(source{w})
		w.again = true
	}
}

// firstChunk handles BDAT outside of a body (RFC 3030). go-smtp is told DATA, and its 354
// is swallowed: it would run the body of a BDAT on another goroutine than RSET and QUIT,
// and run a chunk whose command it does not understand as commands.
func (w *wire) firstChunk(arg string) {
	if !w.parseChunk(arg) {
		return
	}
	w.swallow = true
	w.pass("DATA")
}

// parseChunk parses the argument of BDAT. If it cannot be understood nobody knows how
// many bytes follow, and the connection has to close.
func (w *wire) parseChunk(arg string) bool {
	f := strings.Fields(arg)
	bad := len(f) == 0 || len(f) > 2 || len(f) == 2 && !strings.EqualFold(f[1], "LAST")
	var n uint64
	if !bad {
		var err error
		n, err = strconv.ParseUint(f[0], 10, 31)
		bad = err != nil || f[0][0] == '+'
	}
	if bad {
		w.hangUp(501, "5.5.4 Syntax: BDAT size [LAST]")
		return false
	}
	w.chunk.left, w.chunk.last, w.chunk.answered = int64(n), len(f) == 2, false
	w.chunk.received += int64(n)
	return true
}

// readChunk reads from the current chunk, or settles what comes after it. Between chunks
// the wire answers the client itself: go-smtp believes to be in the middle of DATA.
func (w *wire) readChunk(p []byte) (int, error) {
	switch {
	case w.chunk.received > int64(w.world.cfg.Limits.MessageSize):
		if err := w.skipChunk(); err != nil {
			return 0, w.breakOff(err)
		}
		return 0, w.abort(answer(552, "5.3.4 Message is too large"))
	case w.chunk.left > 0:
		n, err := w.in.Read(p[:min(int64(len(p)), w.chunk.left)])
		w.chunk.left -= int64(n)
		if err != nil {
			return n, w.breakOff(err)
		}
		return n, nil
	case w.chunk.last:
		w.endBody()
		return 0, nil
	}
	return 0, w.betweenChunks()
}

// betweenChunks answers a chunk and handles commands up to the next.
func (w *wire) betweenChunks() error {
	if !w.chunk.answered {
		w.chunk.answered = true
		w.say(250, "2.0.0 Chunk received")
	}
	line, err := w.nextLine()
	if err != nil {
		return io.ErrUnexpectedEOF // never the end of the body
	}
	verb, arg, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "BDAT":
		if !w.parseChunk(arg) {
			return net.ErrClosed
		}
	case "RSET", "QUIT", "EHLO", "HELO":
		w.resume, w.swallow, w.mode = line, true, aborting
		return errAborted
	case "NOOP":
		w.say(250, "2.0.0 Ok")
	default:
		w.say(503, "5.5.1 A message is being transferred: only BDAT, RSET or QUIT")
	}
	return nil
}

// abort makes go-smtp give up the body and gives the client the reason.
func (w *wire) abort(r Reply) error {
	w.mode = aborting
	w.instead(r)
	return errAborted
}

// skip reads a chunk of a message that was refused before it.
func (w *wire) skip() error {
	if err := w.skipChunk(); err != nil {
		return w.breakOff(err)
	}
	w.mode, w.chunk = inCommands, chunkState{}
	return nil
}

func (w *wire) skipChunk() error {
	for w.chunk.left > 0 {
		n, err := w.in.Discard(int(min(w.chunk.left, readBuffer)))
		w.chunk.left -= int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

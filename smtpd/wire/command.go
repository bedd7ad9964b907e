package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
)

// nextCommand reads command lines until one is for go-smtp, or a body begins.
func (c *Conn) nextCommand() error {
	for c.state == inCommands && len(c.pending) == 0 {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		c.commands++
		if c.commands > c.opts.Limits.Commands || c.errors > c.opts.Limits.Errors {
			c.gateway.Refused("abuse")
			c.hangUp(421, "4.7.0 "+c.opts.Hostname+" Too many commands or errors")
			return net.ErrClosed
		}
		c.command(line)
	}
	return nil
}

// readLine reads one command line without its end.
func (c *Conn) readLine() (string, error) {
	if line := c.unread; line != "" {
		c.unread = ""
		return line, nil
	}
	line, err := c.in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull || err == nil && len(line) > commandLimit:
		c.hangUp(500, "5.5.6 Line too long")
		return "", net.ErrClosed
	case errors.Is(err, errDraining):
		c.hangUp(421, "4.3.2 "+c.opts.Hostname+" is shutting down")
		return "", net.ErrClosed
	case errors.Is(err, errDismissed):
		c.hangUp(421, "4.3.2 "+c.opts.Hostname+" Too many connections, try again later")
		return "", net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.hangUp(421, "4.4.2 "+c.opts.Hostname+" Idle for too long")
		return "", net.ErrClosed
	case err != nil:
		c.state = closed
		return "", io.EOF
	}
	return string(bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))), nil
}

// command handles one command line: it answers, or makes a line for go-smtp.
func (c *Conn) command(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	c.verb = verb
	switch {
	case strings.ContainsFunc(line, control):
		c.say(500, "5.5.2 Control characters are not allowed in commands")
		return
	case c.helloDue && verb == "BDAT":
		c.hangUp(503, "5.5.1 Say EHLO first") // the length of its chunk may be false as well
		return
	case c.helloDue && verb != "EHLO" && verb != "HELO" && verb != "NOOP" && verb != "RSET" && verb != "QUIT":
		c.say(503, "5.5.1 Say EHLO first")
		return
	}
	switch verb {
	case "STARTTLS":
		c.startTLS(arg)
	case "MAIL":
		c.mailOrRcpt("MAIL", "FROM:", arg)
	case "RCPT":
		c.mailOrRcpt("RCPT", "TO:", arg)
	case "BDAT":
		c.firstChunk(arg)
	case "AUTH":
		c.say(502, "5.5.1 AUTH is not offered")
	case "EHLO", "HELO":
		c.esmtp, c.helloDue = verb == "EHLO", false
		c.pass(line)
	default:
		c.pass(line)
	}
}

// pass gives go-smtp a command line.
func (c *Conn) pass(line string) {
	c.pending = append(append(c.pending[:0], line...), '\r', '\n')
}

// mailOrRcpt gives go-smtp the parameters to check, and the path as a token.
func (c *Conn) mailOrRcpt(verb, prefix, arg string) {
	arg = strings.TrimLeft(arg, " ")
	if len(arg) >= len(prefix) && strings.EqualFold(arg[:len(prefix)], prefix) {
		if path, params, ok := cutPath(arg[len(prefix):]); ok {
			a := Arguments{path, strings.Fields(params)}
			c.pass(verb + " " + prefix + "<" + a.token() + ">" + a.Params.Suffix())
			return
		}
	}
	c.say(501, "5.5.4 Syntax: "+verb+" "+prefix+"<address>")
}

// startTLS upgrades the connection (RFC 3207) underneath go-smtp. What the client sent in
// clear after the command is thrown away.
func (c *Conn) startTLS(arg string) {
	switch {
	case arg != "":
		c.say(501, "5.5.4 STARTTLS takes no argument")
	case c.tls != nil:
		c.say(503, "5.5.1 TLS is already active")
	case c.opts.TLS == nil:
		c.say(502, "5.5.1 STARTTLS is not offered")
	default:
		c.say(220, "2.0.0 Ready to start TLS")
		if c.flush() != nil || c.handshake() != nil {
			c.state = closed
			return
		}
		c.in.Reset(source{c})
		c.helloDue = true
	}
}

// Package wire is the server's end of an SMTP connection (RFC 5321), between the network and
// go-smtp. go-smtp runs the session: the order of commands, their syntax and parameters, and
// the calls of smtp.Session. A Conn is the net.Conn that it runs on.
//
// It promises:
//
//   - A command is never taken for content nor content for a command, however the client
//     pipelines (RFC 2920): go-smtp gets one command line at a time, and bodies not at all.
//   - A body ends where its framing says and nowhere else: CR LF "." CR LF after DATA, the
//     counted bytes after BDAT. A connection that breaks is no end.
//   - Session gets paths and parameters as the client wrote them (Arguments).
//   - The client gets the replies that Session gives (Conn.Reply), whole and unchanged.
//   - Every read and write has a deadline, and buffers are bounded.
//
// It does not inspect content: line ends are as the client sent them.
//
// Of go-smtp it replaces, each time because a relay has to be exact where a mailbox may be
// generous; the tests named TestGoSMTP… in package smtpd show every reason:
//
//   - the end of DATA and dot-stuffing (RFC 5321 section 4.5.2): go-smtp misses the end after
//     CR CR LF and loses carriage returns behind a dot, so that what follows a body would be
//     read as part of it;
//   - BDAT (RFC 3030 section 2): go-smtp reads a chunk on another goroutine than RSET and QUIT,
//     limits the lengths of lines in it, and runs a chunk whose command it does not understand
//     as commands. To go-smtp BDAT is DATA;
//   - paths (RFC 5321 sections 4.1.2 and 4.5.1): go-smtp unquotes local parts, drops source
//     routes in silence and refuses <postmaster>. To go-smtp a path is an opaque token;
//   - the words of replies: those of the next hop have to reach the client (RFC 5321 section
//     4.2), and go-smtp has no place for the text of a positive reply;
//   - STARTTLS (RFC 3207 section 4.2): what was sent in clear has to be forgotten, and that
//     lies in the Conn's buffer;
//   - deadlines (RFC 5321 section 4.5.3.2): go-smtp's are for a body as a whole.
package wire

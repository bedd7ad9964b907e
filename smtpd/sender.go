package smtpd

import "sluis/smtpd/wire"

// Reply is an SMTP reply; see package wire.
type Reply = wire.Reply

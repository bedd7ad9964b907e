package smtpd

import (
	"bufio"
	"sync"
)

// copyBuffers are for bodies on their way.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// readers are for the headers of spooled messages.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4096) }}

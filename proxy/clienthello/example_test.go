package clienthello_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"

	"sluis/proxy/clienthello"
)

// A proxy reads to which site a client wants to speak, and replays the bytes to whatever goes on with the connection.
func ExampleRead() {
	client, server := net.Pipe()
	go tls.Client(client, &tls.Config{ServerName: "www.school.example", NextProtos: []string{"h2"}}).Handshake()

	hello, err := clienthello.Read(server)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hello.Name, hello.ALPN, "hidden name:", hello.ECH)

	again := make([]byte, len(hello.Raw))
	if _, err := io.ReadFull(clienthello.Replay(server, hello.Raw), again); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same bytes:", string(again) == string(hello.Raw))
	// Output:
	// www.school.example [h2] hidden name: false
	// the same bytes: true
}

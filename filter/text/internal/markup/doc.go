// Package markup reads HTML and XML as a person sees them, in one pass and bounded memory: mail (with what is hidden),
// web pages while they pass, and the XML of office documents.
//
// Its scanner shows the text that golang.org/x/net/html sees (FuzzHTML), and never holds a token longer than its
// buffer.
package markup

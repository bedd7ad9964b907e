// Package console is the web interface of the gateway: for the ICT service, the board, Legal Affairs,
// the privacy officer, the administrator of accounts, and every employee (C3.3e, C3.3f, K1 to K3).
//
// It promises:
//
//   - The routes say who may see a page, who may do an act, and what of it is in the ledger.
//     Nothing is served that is not a route, and testdata/routes.txt has them all on one page.
//   - Nothing changes on GET. An act that changes anything is in the ledger, or its route says why
//     not.
//   - Pages work without JavaScript, come from this program alone, and run no script that is not
//     one of its files (Content-Security-Policy).
//   - Every page is in Dutch and in English.
//   - The cost of a request is bounded: its size, its time, and how often it comes.
//
// The console is cut in areas, such as [Quarantine] and [Orders]. An area is a small struct with the
// services that it needs, its routes, and a method for each; areas are put together in services.go.
// A handler gets a visit: the session, the form and the language of one request. A template gets a
// page, which reaches neither.
//
// To add a page: a route and its method in the file of the area, a template, and messages in
// messages/AREA.nl.json and messages/AREA.en.json.
package console

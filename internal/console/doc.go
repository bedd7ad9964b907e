// Package console is the web interface: for the ICT service, the board, Legal Affairs, the
// privacy officer, the administrator of accounts, and every employee.
//
// It promises:
//
//   - Who may see a page and who may do what stands in one table (the routes), and nothing is
//     served that is not in it.
//   - Nothing changes on GET. What changes anything is in the ledger, or the table says why
//     not.
//   - Pages work without JavaScript, come from this program alone, and run no script that is
//     not one of its files (Content-Security-Policy).
//   - Every page is in Dutch and in English.
//   - What a request may cost is bounded: its size, its time, and how often it comes.
//
// A page is a row in a table of routes, a method of Console, a template and its messages. To
// add some: make a file with a table of its own, name it in tables, and put the messages in
// messages/NAME.nl.json and messages/NAME.en.json.
package console

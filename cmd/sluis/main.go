// Command sluis is the gateway of a school's mail and the tools around it: one
// binary, one file for each subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"sluis/internal/lang"
)

// commands is what sluis --help lists.
type commands struct {
	Serve      serveCmd      `cmd:"" help:"Run the gateway."`
	Demo       demoCmd       `cmd:"" help:"Try it: play a short school day of made-up mail, then stay up."`
	Check      checkCmd      `cmd:"" help:"Say what the gateway would do with a message or document, and why."`
	Quarantine quarantineCmd `cmd:"" help:"Review the quarantine."`
	SignIn     signInCmd     `cmd:"" help:"Sign in, for commands that open, release or destroy."`
	SignOut    signOutCmd    `cmd:"" help:"Sign out."`
	BreakGlass breakGlassCmd `cmd:"" help:"In an emergency: open or release without an account; the board is told first."`
	Journal    journalCmd    `cmd:"" help:"Read the metadata of the traffic."`
	People     peopleCmd     `cmd:"" help:"Import lists of pupils or staff, to recognise their data."`
	Sites      sitesCmd      `cmd:"" help:"Make and ask an index of dangerous hosts."`
	Web        webCmd        `cmd:"" help:"The web proxy: explain a decision, its lists, appeals."`
	Rules      rulesCmd      `cmd:"" help:"List, show and test the rules, and the clauses that they serve."`
	Sampling   samplingCmd   `cmd:"" help:"Check that the random sample was fair."`
	Ledger     ledgerCmd     `cmd:"" help:"Export the log of all acts, and verify it."`
	Keys       keysCmd       `cmd:"" help:"Give up a key of the data directory that is lost."`
	Orders     ordersCmd     `cmd:"" help:"List the orders of the board, and how far each is."`
	Breach     breachCmd     `cmd:"" help:"Breach files, with their 72 hours."`
	Totals     totalsCmd     `cmd:"" help:"Totals for the board, which point at no one."`
	Report     reportCmd     `cmd:"" help:"The accountability report, for board and participation council."`
	Imagery    imageryCmd    `cmd:"" help:"Complaints about imagery, and samples of the own public pages."`
	Health     healthCmd     `cmd:"" help:"Say whether everything works, and what to do if not."`
	Clock      clockCmd      `cmd:"" help:"Accept a clock that was ahead once."`
	Accounts   accountsCmd   `cmd:"" help:"Who may sign in to the console."`
	Config     configCmd     `cmd:"" help:"Check a configuration, or print an example."`
	Worker     workerCmd     `cmd:"" name:"extract-worker" hidden:""`
	WebWorker  webWorkerCmd  `cmd:"" name:"web-worker" hidden:""`
}

// Exit codes of every command.
const (
	exitFound = 3 // sluis check found something, or a verification failed
	exitError = 1
)

// exit is an error that only sets the exit code: all has been said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	var cmds commands
	parser := kong.Must(&cmds,
		kong.Name("sluis"),
		kong.Description("A gateway for a school's mail and web traffic "+
			"that enforces the ICT code of conduct, and keeps to it."),
		kong.ShortUsageOnError(),
		kong.Vars{
			"languages": strings.Join(lang.Languages(), ","),
			"columns":   peopleColumns,
			"roles":     strings.Join(allRoles(), ","),
		},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		// kong has codes of its own for a wrong command line.
		kong.Exit(func(code int) { os.Exit(min(code, exitError)) }),
	)
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		parser.Stdout = os.Stderr // what is printed now is no output of a command
	}
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run()
	var code exit
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil:
		fmt.Fprintln(os.Stderr, "sluis:", err)
		os.Exit(exitError)
	}
}

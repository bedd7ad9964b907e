package faulty

func show(p printer, kind string) {
	p.Text("in-code")
	p.Text("dutch-only")
	p.Text("english-only")
	p.Text("arguments", 1, "x")
	p.Text("order", 1, "x")
	p.Text("plural", 1)
	p.Text("missing-in-code")
	p.Text("kind-" + kind)
	note("noted")
}

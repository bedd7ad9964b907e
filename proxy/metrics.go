package proxy

import "github.com/prometheus/client_golang/prometheus"

// metrics count; none has a label that could name a person, a site, or hold content, and none says what
// was found or blocked: who scrapes often enough while one person surfs would learn it of that person (C3.2b).
type metrics struct {
	requests    prometheus.Counter
	refused     *prometheus.CounterVec // reason
	bytes       prometheus.Counter
	connections prometheus.Gauge
	tunnels     prometheus.Gauge

	uninspectable *prometheus.CounterVec // by
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "sluis", Subsystem: "web", Name: name, Help: help}
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "sluis", Subsystem: "web", Name: name, Help: help})
	}
	m := &metrics{
		requests: prometheus.NewCounter(counter("requests_total", "Requests and tunnels.")),
		refused: prometheus.NewCounterVec(
			counter("refused_total", "Connections and requests refused, by reason."), []string{"reason"}),
		bytes:       prometheus.NewCounter(counter("bytes_total", "Bytes of bodies and tunnels, both ways.")),
		connections: gauge("connections", "Connections of clients open now."),
		tunnels:     gauge("tunnels", "Tunnels open now."),
		uninspectable: prometheus.NewCounterVec(counter("inspections_refused_total",
			"Inspected connections that a client refused the certificate of, or a site asked for one in."),
			[]string{"by"}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.refused, m.bytes, m.connections, m.tunnels, m.uninspectable)
	}
	return m
}

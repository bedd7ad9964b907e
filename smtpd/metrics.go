package smtpd

import "github.com/prometheus/client_golang/prometheus"

// metrics count; none has a label that could name a person or hold content.
type metrics struct {
	messages    *prometheus.CounterVec // action, purpose
	replies     *prometheus.CounterVec // class
	refused     *prometheus.CounterVec // reason
	hops        *prometheus.CounterVec // route, result
	bytes       prometheus.Counter
	repaired    prometheus.Counter
	connections prometheus.Gauge
	inspect     prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "sluis", Subsystem: "smtp", Name: name, Help: help}
	}
	m := &metrics{
		messages: prometheus.NewCounterVec(counter("messages_total", "Messages inspected, by what was done and for which purpose."), []string{"action", "purpose"}),
		replies:  prometheus.NewCounterVec(counter("replies_total", "Final replies to messages, by class."), []string{"class"}),
		refused:  prometheus.NewCounterVec(counter("refused_total", "Connections and recipients refused, by reason."), []string{"reason"}),
		hops:     prometheus.NewCounterVec(counter("next_hop_connections_total", "Connections to next hops, by route and result."), []string{"route", "result"}),
		bytes:    prometheus.NewCounter(counter("bytes_total", "Bytes of messages received.")),
		repaired: prometheus.NewCounter(counter("line_feeds_repaired_total", "Bare line feeds repaired.")),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "sluis", Subsystem: "smtp", Name: "connections", Help: "Connections open now."}),
		inspect: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "sluis", Subsystem: "smtp", Name: "inspect_seconds", Help: "Time to inspect a message.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9)}),
	}
	if reg != nil {
		reg.MustRegister(m.messages, m.replies, m.refused, m.hops, m.bytes, m.repaired, m.connections, m.inspect)
	}
	return m
}

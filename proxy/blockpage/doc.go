// Package blockpage makes the block page (K3, C2.9a), which says why a request was stopped and takes an appeal, and the
// other pages of the proxy: errors, the setup of devices and the PAC file.
//
// It promises that a page names the clause and keeps nothing of the person who opens it; an appeal has no name in it.
// It does not promise that a browser shows a page in place of a site that is encrypted and not inspected.
package blockpage

// Package imagery is the control of the use of imagery (C3.3d): cases that begin with a
// complaint or with a sample, and the sample of images from the organisation's own public
// pages.
//
// It promises:
//
//   - Only hosts of a fixed list are visited, only pages that their robots.txt allows (RFC
//     9309), one at a time and slowly, and no more than a bounded number of them.
//   - What is drawn depends on a seed that is in the ledger, so that anybody can repeat the
//     draw over the same pages.
//   - Of an image its page, the time and a perceptual hash are kept, not the image. Nobody
//     is recognised: who is on an image is what a person says who looked at it.
//   - An image is held against the register of consent, and one that was taken down is
//     found when it is there again.
//   - Nothing of it touches mail or web traffic: no image of a message or a request ever
//     gets here.
package imagery

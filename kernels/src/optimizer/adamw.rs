//! Adam with decoupled weight decay (Loshchilov and Hutter 2019): `p = p (1 - lr weight_decay)` before Adam's step, so the
//! decay follows the schedule of the rate but not the size of the gradients.

use super::Entry;
use super::adam::Adam;
use super::settings::{self, BETAS, DECOUPLED, EPS};

pub(super) const MEMBER: Entry = Entry {
    name: "adamw",
    aliases: &["AdamW"],
    summary: "Adam with decoupled weight decay: the usual choice where the rate is not tuned",
    formula: "p *= 1 - lr weight_decay; m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; \
              p -= lr / (1 - b1^n) m / (sqrt(v / (1 - b2^n)) + eps)",
    source: "Loshchilov and Hutter 2019; PyTorch AdamW",
    settings: &[
        settings::lr(Some(&[1e-3])),
        settings::betas(&[0.9, 0.999], BETAS),
        settings::eps(&[1e-8], EPS),
        settings::weight_decay(&[1e-2], DECOUPLED),
        settings::AMSGRAD,
    ],
    build: |n| {
        let (betas, amsgrad) = ([n[1], n[2]], n[5] != 0.0);
        Box::new(Adam { betas, eps: n[3], weight_decay: n[4], amsgrad, decoupled: true })
    },
};

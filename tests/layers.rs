//! What a `[network]` section makes of its layers: how they hand down what is said about training them, and what each
//! kind of layer does beside its function, which `tests/gradients.rs` proves.

mod common;

use common::rehearse;
use runner::base::random::Seeds;
use runner::nn::network::Network;

/// The network of these layers on rows of three numbers, of which one of three classes is to be told.
#[track_caller]
fn network(layers: &str) -> Network {
    let text = format!(
        "optimizer = {{ type = 'sgd', lr = 0.1 }}
         loss = 'cross_entropy'
         train = {{ steps = 1, batch_size = 3 }}
         network = {{ layers = [{layers}] }}
         data = {{ type = 'table', inputs = [[1, 2, 3], [4, 5, 6], [7, 8, 9]], targets = [0, 1, 2] }}"
    );
    rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}")).plan.network
}

fn initial(network: &Network, seed: u64) -> Vec<f32> {
    let mut params = vec![f32::NAN; network.parameters()];
    network.initialise(Seeds::new(seed), &mut params);
    params
}

#[test]
fn a_layer_hands_its_care_down() {
    let network = network(
        "{ type = 'dense', units = 3 },
         { type = 'residual', lr = 0.5, weight_decay = 0.1, layers = [
             { type = 'dense', units = 3, lr = 4, bias = false },
             { type = 'dense', units = 3, lr = 0, weight_decay = 0, frozen = true, bias = false },
             { type = 'residual', frozen = true, layers = [{ type = 'dense', units = 3, bias = false }] },
         ] },
         { type = 'dense', units = 3, frozen = true }",
    );
    let cares: Vec<_> =
        network.slots().iter().map(|slot| (slot.care.lr, slot.care.weight_decay, slot.care.frozen)).collect();
    let (first, last) = ((1.0, None, false), (1.0, None, true));
    let body = [(2.0, Some(0.1), false), (0.0, Some(0.0), true), (0.5, Some(0.1), true)];
    assert_eq!(cares, [first, first, body[0], body[1], body[2], last, last]);
}

#[test]
fn a_layer_starts_from_its_own_initialiser_and_moves_no_other() {
    let plain = network("{ type = 'dense', units = 2 }, { type = 'dense', units = 3 }");
    let own = network("{ type = 'dense', units = 2, init = 'zeros' }, { type = 'dense', units = 3 }");
    let (plain, ours) = (initial(&plain, 1), initial(&own, 1));
    assert!(ours[..8].iter().all(|w| *w == 0.0) && plain[..8].iter().all(|w| *w != 0.0));
    assert_eq!(ours[8..], plain[8..]);
}

"""Tests of revenuer.lab.traffic.internet."""

from __future__ import annotations

import ipaddress

import numpy as np

from revenuer.lab.traffic import internet
from revenuer.lab.traffic.world import World


def test_columns_agree_with_the_address(stage: World) -> None:
    rng = np.random.default_rng(1)
    countries = rng.integers(len(stage.internet.countries), size=300)
    addresses = stage.internet.addresses(rng, internet.ACCESS, countries)

    columns = {k: v.to_pylist() for k, v in stage.internet.columns(addresses).items()}

    for i in range(300):
        assert int(ipaddress.ip_address(columns["ip"][i])) == addresses[i]
        assert ipaddress.ip_address(columns["ip"][i]) in ipaddress.ip_network(
            columns["ip_prefix"][i]
        )
        assert columns["country"][i] == stage.internet.countries[countries[i]]
        assert columns["network"][i] is None


def test_classes_are_named_where_a_list_would_name_them(stage: World) -> None:
    rng = np.random.default_rng(2)

    names = {
        kind: set(
            stage.internet.columns(stage.internet.exits(rng, 50, kind=kind))["network"].to_pylist()
        )
        for kind in (internet.VPN, internet.RELAY)
    }

    assert names == {internet.VPN: {"vpn"}, internet.RELAY: {"relay"}}
    servers = stage.internet.columns(stage.internet.servers(rng, 50))
    assert set(servers["network"].to_pylist()) == {"datacentre"}


def test_strangers_meet_behind_carriers_and_exits_and_not_at_home(stage: World) -> None:
    rng = np.random.default_rng(3)
    here = np.zeros(400, dtype=np.int64)

    assert len(np.unique(stage.internet.carriers(rng, here))) < 120
    assert len(np.unique(stage.internet.exits(rng, 400))) < 300
    assert len(np.unique(stage.internet.addresses(rng, internet.ACCESS, here))) > 390


def test_browsers_and_programmes_have_user_agents_of_their_own(stage: World) -> None:
    rng = np.random.default_rng(4)
    agents = stage.clients.user_agents.to_pylist()

    assert all("Mozilla" in agents[i] for i in stage.clients.browser(rng, 200))
    assert not any("Mozilla" in agents[i] for i in stage.clients.sdk(rng, 200))
    assert len(set(stage.clients.ja4.to_pylist())) < len(agents)

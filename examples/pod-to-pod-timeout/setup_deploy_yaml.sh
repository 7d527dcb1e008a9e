#!/bin/sh
# Binds the two Deployments of deployment.yaml to the two native nodes that terraform made.
set -eu
cd "$(dirname "$0")"

# In the lab the names stand in files; in a cluster of TKE the nodes carry the label of their pool.
node_of() {
  if [ -s "node-$1" ]; then
    cat "node-$1"
  else
    kubectl get nodes -l "pod-to-pod-timeout=$1" -o jsonpath='{.items[0].metadata.labels.kubernetes\.io/hostname}'
  fi
}

node_a=$(node_of a)
node_b=$(node_of b)
if [ -z "$node_a" ] || [ -z "$node_b" ]; then
  echo "setup_deploy_yaml.sh: expected two native nodes; run: sh create_node_tf.sh && terraform apply -auto-approve" >&2
  exit 1
fi
sed -e "s|kubernetes.io/hostname: .* # node A|kubernetes.io/hostname: \"$node_a\" # node A|" \
  -e "s|kubernetes.io/hostname: .* # node B|kubernetes.io/hostname: \"$node_b\" # node B|" deployment.yaml > deployment.yaml.new
mv deployment.yaml.new deployment.yaml
